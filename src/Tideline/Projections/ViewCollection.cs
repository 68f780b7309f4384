using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>A collection that a projection keeps.</summary>
public abstract class ViewCollection
{
    private IReadOnlyList<FieldType> _fields = [];

    private protected ViewCollection()
    {
    }

    /// <summary>Its name without version. No two projections share one.</summary>
    public required string Name { get; init; }

    /// <summary>Its indexes, each a list of top-level fields of the documents.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Indexes { get; init; } = [];

    /// <summary>Types of its fields: what the tools of an engine see that has such types.</summary>
    public IReadOnlyList<FieldType> Fields
    {
        get => _fields;
        init => _fields = value;
    }

    /// <summary>Whether change streams follow it.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>
    /// Whether the ledger has what a document of this id tells of, for a deep check; null where the ids alone do not
    /// say so.
    /// </summary>
    public Func<GeneralLedger, string, CancellationToken, Task<bool>>? IsBacked { get; init; }

    private protected void AddFields(IEnumerable<FieldType> more) => _fields = [.. _fields, .. more];

    /// <summary>Why a stored document cannot be one that the program wrote; null when it can.</summary>
    public abstract string? FindDamage(Document stored);

    private protected static readonly IReadOnlyDictionary<string, object?> NoValues = new Dictionary<string, object?>();
}
