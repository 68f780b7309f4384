using Tideline.Engines.Sqlite;

namespace Tideline.Bench.Baselines;

/// <summary>How many bytes Tideline's own rows carry, so that the baselines write rows of the same size.</summary>
internal sealed record PayloadSizes(int EventBytes, int SagaDataBytes, int SagaHistoryBytes)
{
    /// <summary>As measured on a transfer without a reference.</summary>
    public static PayloadSizes Typical { get; } = new(390, 0, 0);

    /// <summary>Averages over the transfers in a shard file that Tideline wrote; <see cref="Typical"/> where there are none.</summary>
    public static PayloadSizes Measure(string shardFile)
    {
        using var database = SqliteDatabase.OpenReader(shardFile);
        return new PayloadSizes(
            Average(database, "SELECT avg(length(data)) FROM (SELECT data FROM events WHERE type IN (5, 6) ORDER BY seq DESC LIMIT 1000)", Typical.EventBytes),
            Average(database, "SELECT avg(length(data)) FROM (SELECT data FROM sagas LIMIT 1000)", Typical.SagaDataBytes),
            Average(database, "SELECT avg(length(history)) FROM (SELECT history FROM sagas LIMIT 1000)", Typical.SagaHistoryBytes));
    }

    private static int Average(SqliteDatabase database, string sql, int otherwise)
    {
        var statement = database.Prepare(sql);
        var average = statement.Step() && !statement.IsNull(0) ? statement.Int(0) : otherwise;
        statement.Reset();
        return average;
    }
}
