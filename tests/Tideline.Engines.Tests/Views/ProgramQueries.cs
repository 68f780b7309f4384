using Tideline.Node;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>
/// Every shape of query that the program makes on the views: pages by id, and those of each projection.
/// </summary>
internal static class ProgramQueries
{
    public static IEnumerable<(CollectionDefinition Collection, DocumentQuery Query)> All() =>
        BankServices.Projections.SelectMany(projection => new ViewNames(projection, 1).Definitions)
            .SelectMany(collection => Of(collection).Select(query => (collection, query)));

    // An index answers equality on its first fields, and order on its last or on none; pages go on in either direction.
    private static IEnumerable<DocumentQuery> Of(CollectionDefinition collection)
    {
        yield return Query(collection, [], null, isNext: false);
        yield return Query(collection, [], null, isNext: true);
        foreach (var index in collection.Indexes)
        {
            yield return Query(collection, [.. index.SkipLast(1)], index[^1], isNext: false);
            yield return Query(collection, [.. index.SkipLast(1)], index[^1], isNext: true);
            if (index.Count == 1) yield return Query(collection, [index[0]], null, isNext: true);
        }
    }

    private static DocumentQuery Query(CollectionDefinition collection, string[] equal, string? order, bool isNext) =>
        new(collection.Name, equal.ToDictionary(field => field, _ => (object)"x"), order, order is null ? null : "a",
            order is null ? null : "z", Descending: order is not null, [], null, isNext ? ("m", "id") : null, 10);
}
