using System.Collections.Concurrent;
using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>Builds the schema of one format from <see cref="Pain001Table"/>.</summary>
internal sealed class Pain001Schema
{
    private static readonly Dictionary<string, string> Rows = Read();
    private static readonly ConcurrentDictionary<Pain001Format, SchemaType> Built = new();

    private readonly Dictionary<string, SchemaType> _types = new(StringComparer.Ordinal);
    private readonly Pain001Format _format;

    private Pain001Schema(Pain001Format format) => _format = format;

    /// <summary>The type of the root element, Document.</summary>
    public static SchemaType Of(Pain001Format format) =>
        Built.GetOrAdd(format, static one => new Pain001Schema(one).Type("Document"));

    private static Dictionary<string, string> Read()
    {
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in Pain001Table.Text.Replace("\n ", " ", StringComparison.Ordinal).Split('\n'))
        {
            var (name, children) = (row[..row.IndexOf(" = ", StringComparison.Ordinal)], row[(row.IndexOf('=') + 1)..]);
            var at = name.IndexOf('@', StringComparison.Ordinal);
            if (at < 0) rows.Add(name, children);
            else foreach (var dialect in name[(at + 1)..].Split(',')) rows.Add($"{name[..at]}@{dialect}", children);
        }

        return rows;
    }

    private SchemaType Type(string name)
    {
        if (_types.TryGetValue(name, out var known)) return known;
        if (!char.IsAsciiLetterUpper(name[0])) return _types[name] = Simple(name);
        if (!Rows.TryGetValue($"{name}@{_format.Dialect}", out var row)) row = Rows[name];
        var words = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var type = _types[name] = new SchemaType { IsChoice = words.Contains("|") };
        type.Children = [.. words.Where(word => word != "|" && IsInVersion(word)).Select(Child)];
        return type;
    }

    private SchemaType Simple(string name) => name switch
    {
        "any" => new SchemaType { IsAny = true },
        "amount" => Money(name, "currency"),
        "euros" => Money(name, "(EUR)"),
        _ => new SchemaType { Text = SimpleType.Parse(name, _format.Dialect == "ch") },
    };

    private static SchemaType Money(string amount, string currency) => new()
    {
        Text = SimpleType.Parse(amount, false),
        Currency = SimpleType.Parse(currency, false),
    };

    private bool IsInVersion(string child)
    {
        var at = child.LastIndexOf('@');
        if (at < 0) return true;
        var ends = child[(at + 1)..].Split('-');
        var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
        var last = ends.Length == 1 ? first
            : ends[1].Length == 0 ? int.MaxValue
            : int.Parse(ends[1], CultureInfo.InvariantCulture);
        return _format.Version >= first && _format.Version <= last;
    }

    private SchemaChild Child(string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        var (name, type) = (word[..colon], word[(colon + 1)..].Split('@')[0]);
        var plain = name.TrimEnd('?', '*', '+');
        var brace = plain.IndexOf('{', StringComparison.Ordinal);
        if (brace >= 0) plain = plain[..brace];
        var (min, max) = name[plain.Length..] switch
        {
            "" => (1, 1),
            "?" => (0, 1),
            "*" => (0, int.MaxValue),
            "+" => (1, int.MaxValue),
            var most => (0, int.Parse(most[1..^1], CultureInfo.InvariantCulture)),
        };
        return new SchemaChild(plain, min, max, Type(type));
    }
}
