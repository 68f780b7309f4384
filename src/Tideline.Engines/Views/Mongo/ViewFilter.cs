using MongoDB.Bson;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Turns a query into the filter and the sort of a find over one index.</summary>
internal static class ViewFilter
{
    public static BsonDocument Of(DocumentQuery query, FieldNode types)
    {
        var filter = new BsonDocument();
        foreach (var (field, sought) in query.Equal) filter[field] = StoredDocument.Value(field, sought, types);
        var beyond = query.Descending ? "$lt" : "$gt";
        // Every text, and nothing but texts: MongoDB compares within one type, and no page can go on after an id of
        // another.
        filter["_id"] = new BsonDocument("$gte", "");
        if (query.OrderBy is not { } order)
        {
            if (query.After is { } last)
                filter["_id"] = query.Descending ? new BsonDocument { ["$gte"] = "", ["$lt"] = last.Id }
                : new BsonDocument("$gt", last.Id);
            return filter;
        }

        // A document without the field has no place in its order.
        var range = new BsonDocument("$ne", BsonNull.Value);
        if (query.From is not null) range["$gte"] = StoredDocument.Value(order, query.From, types);
        if (query.To is not null) range["$lte"] = StoredDocument.Value(order, query.To, types);
        filter[order] = range;
        if (query.After is not { } after) return filter;
        // The first term lets the index seek; the second passes the ties.
        var value = StoredDocument.Value(order, after.Value, types);
        filter["$and"] = new BsonArray
        {
            new BsonDocument(order, new BsonDocument($"{beyond}e", value)),
            new BsonDocument("$or", new BsonArray
            {
                new BsonDocument(order, new BsonDocument(beyond, value)),
                new BsonDocument("_id", new BsonDocument(beyond, after.Id))
            }),
        };
        return filter;
    }

    public static BsonDocument Order(DocumentQuery query)
    {
        var direction = query.Descending ? -1 : 1;
        return query.OrderBy is { } order
            ? new BsonDocument { [order] = direction, ["_id"] = direction }
            : new BsonDocument("_id", direction);
    }
}
