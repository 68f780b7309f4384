using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Documents that are written once: at most one for each event. A second write of the same changes nothing.
/// </summary>
public sealed class RowCollection : ViewCollection
{
    /// <summary>The row that an event adds, as it is inserted; null when it adds none.</summary>
    public required Func<ProjectedEvent, DocumentWrite?> Row { get; init; }

    /// <summary>The key of the event that added a sound row.</summary>
    public required Func<Document, string?> KeyOf { get; init; }

    /// <summary>Judges stored rows; where nothing judges them, what the store says of them counts.</summary>
    public Func<Document, string?>? Damage { get; init; }

    /// <inheritdoc/>
    public override string? FindDamage(Document stored) => stored.Damage ?? Damage?.Invoke(stored);
}
