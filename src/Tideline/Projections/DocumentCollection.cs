using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>Documents that events are folded into, whatever their type.</summary>
public abstract class DocumentCollection : ViewCollection
{
    private protected DocumentCollection()
    {
    }

    /// <summary>Largest document, bytes of JSON; the events of one that would be larger wait as dead letters.</summary>
    public int LimitBytes { get; init; } = ProjectionLimits.ProjectedDocumentBytes;

    /// <summary>
    /// The keys that should have documents: all for a deep check, else some that lie evenly. Null: those that the
    /// events name.
    /// </summary>
    public Func<GeneralLedger, bool, CancellationToken, IAsyncEnumerable<string>>? Keys { get; init; }

    /// <summary>Whether a key is still there, after a restore; null: as far as anybody can tell.</summary>
    public Func<GeneralLedger, string, CancellationToken, Task<bool>>? IsThere { get; init; }

    /// <summary>The JSON of its documents.</summary>
    internal abstract JsonTypeInfo DocumentJson { get; }

    /// <summary>The collection with parts of other services in its documents; null if they take none.</summary>
    internal abstract DocumentCollection? With(IReadOnlyList<DocumentPart> parts);

    /// <inheritdoc/>
    public override string? FindDamage(Document stored)
    {
        Read(stored, out var damage);
        return damage;
    }

    /// <summary>What documents share with rows of the strong tier; null if they share none.</summary>
    internal abstract SharedAggregates<object>? SharedWithLedger { get; }

    /// <summary>The parsed document; null where it is damaged, which <paramref name="damage"/> explains.</summary>
    internal abstract object? Read(Document stored, out string? damage);

    /// <summary>A guarded write of a document.</summary>
    internal abstract DocumentWrite Write(string id, object document, long revision);

    /// <summary>Whether the event is in the document already.</summary>
    internal abstract bool Covers(object? document, LedgerEvent happened);

    /// <summary>The document after the event; the same instance when nothing changed.</summary>
    internal abstract object Apply(object? document, LedgerEvent happened, EventData data);

    /// <summary>The document with its clock moved past an event that was given up.</summary>
    internal abstract object Skip(object? document, string key, LedgerEvent happened);

    /// <summary>Whether two documents hold the same events.</summary>
    internal abstract bool HaveSameClock(object left, object right);

    /// <summary>The JSON of the document as it is to be read on a day (UTC).</summary>
    internal abstract byte[] BytesOn(object document, DateOnly today);
}

/// <summary>
/// Documents of one type. <see cref="Fold"/> is pure: whatever it throws is about this one event, which becomes a dead
/// letter. It is not asked about events that the clock covers.
/// </summary>
public sealed class DocumentCollection<TDocument> : DocumentCollection
    where TDocument : class
{
    private FrozenDictionary<EventType, DocumentPart> _parts = FrozenDictionary<EventType, DocumentPart>.Empty;

    /// <summary>The stored form.</summary>
    public required JsonTypeInfo<TDocument> Json { get; init; }

    internal override JsonTypeInfo DocumentJson => Json;

    internal override DocumentCollection? With(IReadOnlyList<DocumentPart> parts)
    {
        if (FoldPart is null) return null;
        var copy = (DocumentCollection<TDocument>)MemberwiseClone();
        copy._parts = (from part in parts from type in part.Takes select KeyValuePair.Create(type, part))
            .ToFrozenDictionary();
        copy.AddFields(
            from part in parts
            from field in part.Fields
            select field with { Path = $"parts.{part.Name}.{field.Path}" });
        return copy;
    }

    /// <summary>The document (null: none yet) after an event, its clock moved.</summary>
    public required Func<TDocument?, LedgerEvent, EventData, TDocument> Fold { get; init; }

    /// <summary>
    /// The document (null: none yet) after an event of a part, its clock moved; null if documents take no parts.
    /// </summary>
    public Func<TDocument?, LedgerEvent, EventData, DocumentPart, TDocument>? FoldPart { get; init; }

    /// <summary>Which events a document holds.</summary>
    public required DocumentClock<TDocument> Clock { get; init; }

    /// <summary>Values (string, long or null) of the indexed fields.</summary>
    public Func<TDocument, IReadOnlyDictionary<string, object?>> IndexValues { get; init; } = static _ => NoValues;

    /// <summary>What is wrong with a document that could be parsed and has this id; null when nothing is.</summary>
    public Func<TDocument, string, string?>? Damage { get; init; }

    /// <summary>The document as it is to be read on a day (UTC), where that changes without an event.</summary>
    public Func<TDocument, DateOnly, TDocument>? On { get; init; }

    /// <summary>What documents share with rows of the strong tier; null if they share none.</summary>
    internal SharedAggregates<TDocument>? Shared { get; init; }

    internal override SharedAggregates<object>? SharedWithLedger => Shared?.Untyped;

    internal override object? Read(Document stored, out string? damage)
    {
        damage = stored.Damage;
        if (damage is not null) return null;
        try
        {
            var document = JsonSerializer.Deserialize(stored.Json.Span, Json)
                ?? throw new JsonException("An empty document.");
            damage = Damage?.Invoke(document, stored.Id);
            return damage is null ? document : null;
        }
        // Parsing is pure: whatever it throws is about this one document.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            damage = $"it cannot be read: {fault.Message}";
            return null;
        }
    }

    internal override DocumentWrite Write(string id, object document, long revision) => new(
        id, revision, revision + 1, JsonSerializer.SerializeToUtf8Bytes((TDocument)document, Json),
        IndexValues((TDocument)document));

    internal override bool Covers(object? document, LedgerEvent happened) =>
        document is not null && Clock.Covers((TDocument)document, happened);

    internal override object Apply(object? document, LedgerEvent happened, EventData data) =>
        _parts.TryGetValue(happened.Type, out var part)
            ? FoldPart!((TDocument?)document, happened, data, part)
            : Fold((TDocument?)document, happened, data);

    internal override object Skip(object? document, string key, LedgerEvent happened) =>
        Clock.Skip((TDocument?)document, key, happened);

    internal override bool HaveSameClock(object left, object right) =>
        Clock.AreEqual((TDocument)left, (TDocument)right);

    internal override byte[] BytesOn(object document, DateOnly today) => JsonSerializer.SerializeToUtf8Bytes(
        On is null ? (TDocument)document : On((TDocument)document, today), Json);
}
