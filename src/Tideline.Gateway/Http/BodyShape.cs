using System.Text;

namespace Tideline.Gateway.Http;

/// <summary>
/// A field of a body: what it means and how it looks, for the parser and for the OpenAPI document alike.
/// </summary>
internal sealed record BodyField(
    string Name, string Description, string Example, bool Required = false, bool IsFlag = false)
{
    /// <summary>The name as it stands in JSON.</summary>
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>
/// The fields that the body of a route may have. Bodies are flat: texts and, where said, true or false.
/// </summary>
internal sealed class BodyShape(params BodyField[] fields)
{
    /// <summary>In the order in which they enter a request's fingerprint.</summary>
    public BodyField[] Fields => fields;

    /// <summary>Where a field stands.</summary>
    public int IndexOf(string name)
    {
        for (var index = 0; index < fields.Length; index++)
            if (fields[index].Name == name) return index;
        throw new ArgumentOutOfRangeException(nameof(name), name, "Not a field of this body.");
    }
}
