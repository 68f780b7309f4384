namespace Tideline.Kernel;

/// <summary>
/// What is said of one person: UTF-8 JSON that stands for itself in event, row and document, as the same bytes. So it
/// can be encrypted with the subject's key, and hashes over it hold when that key is gone.
/// </summary>
/// <param name="Subject">The customer, or an id derived from what names somebody outside.</param>
/// <param name="Data">The bytes; in JSON as base64.</param>
public sealed record PersonalPart(Guid Subject, byte[] Data)
{
    /// <inheritdoc/>
    public bool Equals(PersonalPart? other) =>
        other is not null && Subject == other.Subject && Data.AsSpan().SequenceEqual(other.Data);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Subject);
        hash.AddBytes(Data);
        return hash.ToHashCode();
    }
}
