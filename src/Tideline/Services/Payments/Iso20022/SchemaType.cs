namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// The type of an element: an ordered list of children, a choice of one of them, a text, or anything (an extension).
/// </summary>
internal sealed class SchemaType
{
    /// <summary>The children; empty for a text.</summary>
    public IReadOnlyList<SchemaChild> Children { get; set; } = [];

    /// <summary>Whether exactly one of the children must be present.</summary>
    public bool IsChoice { get; init; }

    /// <summary>The allowed text; null if it has children.</summary>
    public SimpleType? Text { get; init; }

    /// <summary>The type of the attribute Ccy, the element's currency.</summary>
    public SimpleType? Currency { get; init; }

    /// <summary>Whether it is an envelope for elements of other schemas.</summary>
    public bool IsAny { get; init; }

    /// <summary>The child of a name.</summary>
    public SchemaChild this[string name] => Children.First(child => child.Name == name);
}

/// <summary>A child element.</summary>
internal sealed record SchemaChild(string Name, int Min, int Max, SchemaType Type);
