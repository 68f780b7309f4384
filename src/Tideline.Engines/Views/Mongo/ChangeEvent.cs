using MongoDB.Bson;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// A change of a document, as the change stream tells it. <paramref name="IsLogged"/> null: the event does not say
/// whether anybody follows it, the catalogue does.
/// </summary>
internal sealed record ChangeEvent(string Collection, string Id, string Operation, long Revision, bool? IsLogged)
{
    /// <summary>Null for what is no change of a document: a drop, a rename, the end of the stream.</summary>
    public static ChangeEvent? Of(BsonDocument change)
    {
        // An update is the work of a hand with a tool: the engine itself replaces.
        var operation = change["operationType"].AsString
            switch
        { "insert" => "insert", "replace" or "update" => "replace", "delete" => "delete", _ => null };
        if (operation is null || change["documentKey"]["_id"] is not BsonString id) return null;
        var image = Envelope(change, operation == "delete" ? "fullDocumentBeforeChange" : "fullDocument");
        var revision = image?.GetValue("rev", null) is BsonInt64 known && CollectionRules.IsRevision(known.Value)
            ? known.Value + (operation == "delete" ? 1 : 0) : 0;
        return new ChangeEvent(
            change["ns"]["coll"].AsString, id.Value, operation, revision, image is null ? null : image.Contains("log"));
    }

    private static BsonDocument? Envelope(BsonDocument change, string image) =>
        change.GetValue(image, null) is BsonDocument document
            && document.GetValue("_tl", null) is BsonDocument envelope ? envelope : null;
}
