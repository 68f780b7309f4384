namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// A place in an index: the values of its fields, then the document's id. Where values or the id are left out, it is
/// the edge of all places that begin so.
/// </summary>
/// <param name="Values">The values.</param>
/// <param name="Id">The document's id; null at an edge.</param>
/// <param name="Edge">Which edge: −1 before all that begin so, 1 after them; 0 for a document's place.</param>
internal readonly record struct IndexKey(object?[] Values, string? Id, int Edge);
