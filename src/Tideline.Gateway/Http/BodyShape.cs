using System.Text;

namespace Tideline.Gateway.Http;

/// <summary>A field of a body: its meaning and an example, for both the parser and the OpenAPI document.</summary>
internal sealed record BodyField(
    string Name, string Description, string Example, bool Required = false, bool IsFlag = false)
{
    /// <summary>The name as UTF-8, as it appears in JSON.</summary>
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>The allowed fields of a route's body. Bodies are flat: strings, and true or false for flags.</summary>
internal sealed class BodyShape(params BodyField[] fields)
{
    /// <summary>In the order in which they enter a request's fingerprint.</summary>
    public BodyField[] Fields => fields;

    /// <summary>The index of a field.</summary>
    public int IndexOf(string name)
    {
        for (var index = 0; index < fields.Length; index++)
            if (fields[index].Name == name) return index;
        throw new ArgumentOutOfRangeException(nameof(name), name, "Not a field of this body.");
    }
}
