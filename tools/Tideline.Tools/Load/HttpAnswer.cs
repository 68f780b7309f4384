using System.Text;

namespace Tideline.Tools.Load;

/// <summary>An HTTP response: status, header lines as they came, body.</summary>
internal sealed record HttpAnswer(int Status, byte[] Head, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>A header's value; null when it is absent. The name in any case.</summary>
    public string? Header(string name)
    {
        foreach (var line in Encoding.ASCII.GetString(Head).Split("\r\n"))
        {
            if (line.Length > name.Length && line[name.Length] == ':'
                && line.StartsWith(name, StringComparison.OrdinalIgnoreCase)) return line[(name.Length + 1)..].Trim();
        }

        return null;
    }
}
