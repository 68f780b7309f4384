namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// The type of an element: children in their order, a choice of one of them, a text, or anything (an extension).
/// </summary>
internal sealed class SchemaType
{
    /// <summary>The children; empty for a text.</summary>
    public IReadOnlyList<SchemaChild> Children { get; set; } = [];

    /// <summary>Exactly one of the children stands there.</summary>
    public bool IsChoice { get; init; }

    /// <summary>What the text may be; null where there are children.</summary>
    public SimpleType? Text { get; init; }

    /// <summary>The element carries the attribute Ccy, its currency.</summary>
    public SimpleType? Currency { get; init; }

    /// <summary>An envelope of elements that belong to somebody else.</summary>
    public bool IsAny { get; init; }

    /// <summary>The child of a name.</summary>
    public SchemaChild this[string name] => Children.First(child => child.Name == name);
}

/// <summary>An element within another one.</summary>
internal sealed record SchemaChild(string Name, int Min, int Max, SchemaType Type);
