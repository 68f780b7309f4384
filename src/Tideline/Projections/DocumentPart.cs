using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What a service adds to the documents of another service's projection: a JSON value of its own, folded from its own
/// events. The document's clock counts these events too, and the part is built anew, verified and repaired with it.
/// </summary>
public sealed record DocumentPart
{
    /// <summary>The projection whose documents have it, as in <c>customers</c>.</summary>
    public required string Projection { get; init; }

    /// <summary>Its name in the document; no two parts of a projection share one.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// 1 or more; grows when the same events give another value than before. Adding or changing a part builds the
    /// projection anew.
    /// </summary>
    public required int Version { get; init; }

    /// <summary>The events that change it; whose document, the projection's key says.</summary>
    public required IReadOnlySet<EventType> Takes { get; init; }

    /// <summary>
    /// The value (null: none yet) after an event. Pure: whatever it throws is about this one event, which becomes a
    /// dead letter. It is not asked about events that the clock covers.
    /// </summary>
    public required Func<JsonElement?, LedgerEvent, EventData, JsonElement> Fold { get; init; }

    /// <summary>Types of its fields; their paths begin within the part.</summary>
    public IReadOnlyList<FieldType> Fields { get; init; } = [];
}
