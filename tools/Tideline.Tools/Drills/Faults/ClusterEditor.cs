using System.Globalization;
using MongoDB.Bson;
using MongoDB.Driver;
using MySqlConnector;
using Tideline.Node;

namespace Tideline.Tools.Drills.Faults;

/// <summary>Writes into MySQL and MongoDB past the program, while it runs.</summary>
internal sealed class ClusterEditor(ClusterOptions cluster) : IStoreEditor
{
    private readonly MongoClient _mongo = new(cluster.MongoDb);

    public bool NeedsStop => false;

    public Task EditDocumentAsync(Guid customer, CancellationToken cancel) => UpdateAsync(
        customer, Builders<BsonDocument>.Update.Set("accounts.0.postedMinor", 123_456_789L), cancel);

    public Task BreakDocumentAsync(Guid customer, CancellationToken cancel) =>
        UpdateAsync(customer, Builders<BsonDocument>.Update.Set("accounts", "none"), cancel);

    public async Task DeleteDocumentAsync(Guid customer, CancellationToken cancel) =>
        await (await CustomersAsync(cancel)).DeleteOneAsync(ById(customer), cancel);

    public async Task<long?> FlipAsync(int shard, LedgerCell cell, long? row, CancellationToken cancel)
    {
        await using var connection = new MySqlConnection(cluster.MySql[shard % cluster.MySql.Count]);
        await connection.OpenAsync(cancel);
        var table = string.Create(CultureInfo.InvariantCulture, $"{cluster.Name}_{shard}.{cell.Table}");
        await using var newest = new MySqlCommand($"SELECT max({cell.Newest}) FROM {table}", connection);
        row ??= await newest.ExecuteScalarAsync(cancel) as long?;
        if (row is null) return null;
        await using var flip = new MySqlCommand(
            $"UPDATE {table} SET {cell.Column} = CAST({cell.Column} ^ 4 AS SIGNED) WHERE {cell.Newest} = @row",
            connection);
        flip.Parameters.AddWithValue("@row", row);
        await flip.ExecuteNonQueryAsync(cancel);
        return row;
    }

    public void Dispose() => _mongo.Dispose();

    private async Task UpdateAsync(Guid customer, UpdateDefinition<BsonDocument> update, CancellationToken cancel) =>
        await (await CustomersAsync(cancel)).UpdateOneAsync(ById(customer), update, cancellationToken: cancel);

    private async Task<IMongoCollection<BsonDocument>> CustomersAsync(CancellationToken cancel)
    {
        var views = _mongo.GetDatabase(cluster.Name);
        var active = await views.GetCollection<BsonDocument>("tl_states")
            .Find(new BsonDocument("_id", "customers.active")).FirstAsync(cancel);
        return views.GetCollection<BsonDocument>(active["collections"]["customers"].AsString);
    }

    private static BsonDocument ById(Guid customer) => new("_id", customer.ToString());
}
