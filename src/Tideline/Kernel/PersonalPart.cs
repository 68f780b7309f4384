namespace Tideline.Kernel;

/// <summary>
/// The personal data of one person: self-contained UTF-8 JSON, the same bytes in event, row and document. It can be
/// encrypted with the subject's key, and hashes over it stay valid after that key is destroyed.
/// </summary>
/// <param name="Subject">The customer, or an id derived from the name of a person outside the bank.</param>
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
