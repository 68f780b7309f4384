using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>The position of the reading within the children of an element.</summary>
internal sealed class SchemaPlace(SchemaType type)
{
    private int _next, _count;

    /// <summary>
    /// Accepts a child. <paramref name="words"/> says what is wrong with it, or what is missing before it.
    /// </summary>
    /// <returns>Null if it is not allowed here.</returns>
    public SchemaChild? Take(string name, out string? words) =>
        type.IsChoice ? TakeChoice(name, out words) : TakeNext(name, out words);

    /// <summary>The first child that is missing at the end of the element.</summary>
    public string? MissingAtEnd()
    {
        if (!type.IsChoice) return MissingBefore(type.Children.Count);
        return _count == 0 ? string.Join(" or ", type.Children.Select(child => child.Name)) : null;
    }

    private SchemaChild? TakeChoice(string name, out string? words)
    {
        words = null;
        if (type.Children.FirstOrDefault(child => child.Name == name) is not { } chosen)
        {
            words = Unknown(name);
            return null;
        }

        if (_count++ == 0) return chosen;
        var names = string.Join(", ", type.Children.Select(child => child.Name));
        words = $"holds one of {names}; '{name}' is one too many.";
        return null;
    }

    private SchemaChild? TakeNext(string name, out string? words)
    {
        var place = _next;
        while (place < type.Children.Count && type.Children[place].Name != name) place++;
        if (place == type.Children.Count)
        {
            words = type.Children.Any(child => child.Name == name)
                ? $"holds '{name}' out of order, or once too often."
                : Unknown(name);
            return null;
        }

        var missing = MissingBefore(place);
        words = missing is null ? null : $"has no {missing} before {name}.";
        (_count, _next) = (place == _next ? _count + 1 : 1, place);
        if (_count <= type.Children[place].Max) return type.Children[place];
        words = string.Create(CultureInfo.InvariantCulture,
            $"holds {_count} '{name}'; at most {type.Children[place].Max} allowed.");
        return null;
    }

    private string? MissingBefore(int place)
    {
        for (var at = _next; at < place; at++)
        {
            if (type.Children[at].Min > (at == _next ? _count : 0)) return type.Children[at].Name;
        }

        return null;
    }

    private static string Unknown(string name) => $"holds '{MessageText.Cut(name, 40)}', which is not allowed there.";
}
