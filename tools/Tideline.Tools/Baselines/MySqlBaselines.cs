using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// The baselines on MySQL: a database a shard, on the servers and with the durability that the ledger has; dropped at
/// the end.
/// </summary>
internal sealed class MySqlBaselines(
    IReadOnlyList<string> primaries, int shards, int accountsPerShard, PayloadSizes sizes, TimeProvider time)
    : IBaselines
{
    private readonly string _name = $"baseline_{new IdGenerator(time).Next():N}";
    private readonly List<string> _made = [];

    public async Task<double> RawAsync(int batch, TimeSpan duration)
    {
        var prefix = Prefix(string.Create(CultureInfo.InvariantCulture, $"r{batch}"));
        var options = new MySqlLedgerOptions { Primaries = primaries, Shards = shards, DatabasePrefix = prefix };
        await (await MySqlLedgerStore.OpenAsync(options, time, NullLogger.Instance, CancellationToken.None))
            .DisposeAsync();
        return await RawLoad.RunAsync(shards, shard => new MySqlRawShard(
            Primary(shard), Database(prefix, shard), shard, accountsPerShard, sizes, seed: 1), time, batch, duration);
    }

    public Task<(double PerSecond, Latencies Latencies)> NaiveAsync(int clients, TimeSpan duration)
    {
        var prefix = Prefix("n");
        return NaiveLoad.RunAsync(shards, shard => new NaiveShard(
            NaiveEngine.OfMySql(Primary(shard), Database(prefix, shard)), accountsPerShard, sizes, new SeededRandom(2 + (ulong)shard)), time, clients, duration);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var prefix in _made)
        {
            for (var shard = 0; shard < shards; shard++)
            {
                await using var connection = new MySqlConnection(Primary(shard));
                await connection.OpenAsync();
                await using var drop = new MySqlCommand(
                    $"DROP DATABASE IF EXISTS {Database(prefix, shard)}", connection);
                await drop.ExecuteNonQueryAsync();
            }
        }
    }

    private string Primary(int shard) => primaries[shard % primaries.Count];

    private static string Database(string prefix, int shard) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}_{shard}");

    private string Prefix(string kind)
    {
        _made.Add($"{_name}{kind}");
        return _made[^1];
    }
}
