using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>A document as it is kept. It is replaced and never changed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Json">Its JSON.</param>
/// <param name="Values">The values of the indexed fields, in the order of the collection's fields.</param>
/// <param name="Damage">Why it cannot be one that the program wrote; null if it can.</param>
internal sealed record ViewRow(
    string Id, long Revision, ReadOnlyMemory<byte> Json, object?[] Values, string? Damage = null)
{
    /// <summary>The document as readers see it.</summary>
    public Document Document =>
        Damage is null ? new Document(Id, Revision, Json) : new Document(Id, 0, default, Damage);
}
