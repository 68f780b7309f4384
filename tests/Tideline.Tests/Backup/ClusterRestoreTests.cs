using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Tests.Backup;

/// <summary>MySQL is put back to an older state, while Kafka and MongoDB remember what came after it.</summary>
public sealed class ClusterRestoreTests
{
    [Fact]
    public async Task A_restored_strong_tier_is_refused_until_an_epoch_begins_and_then_everything_agrees()
    {
        await using var stage = await InstallationStage.StartClusterAsync();
        await using var copy = new MySqlCopy(stage.Cluster!.Node.Cluster!.MySql[0], stage.Cluster.Node.Cluster!.Name);
        var (left, right) = (await stage.AccountAsync(0, 1_000), await stage.AccountAsync(1, 1_000));
        await stage.LevelAsync();
        await stage.StopAsync();
        await copy.TakeAsync();

        for (var (round, epoch) = (1, 1L); round <= 2; round++)
        {
            // What is taken back was acknowledged, is on the log and in the views.
            await stage.OpenAsync();
            for (var transfer = 0; transfer < 5; transfer++)
                (await stage.TransferAsync(left, right, 30)).Refusal.ShouldBeNull();
            await stage.DepositAsync(right, 7);
            await stage.LevelAsync();
            await stage.StopAsync();
            await copy.PutBackAsync();
            // As on a new machine: only log and views can tell.
            Directory.Delete(stage.Data, recursive: true);
            (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync())).Code.ShouldBe(ErrorCode.Corrupt);

            var begun = await InstallationEpochs.BeginAsync(stage.Cluster.Node, "a test", default);
            begun.ShouldBeGreaterThan(epoch);
            epoch = begun;
            await stage.OpenAsync();
            (await stage.PostedAsync(left), await stage.PostedAsync(right)).ShouldBe((1_000, 1_000));
            await stage.VerifyAsync();
            (await stage.TransferAsync(right, left, 100)).Refusal.ShouldBeNull();
            await stage.VerifyAsync();
            (await stage.PostedAsync(left), await stage.PostedAsync(right)).ShouldBe((1_100, 900));
            (await stage.TransferAsync(left, right, 100)).Refusal.ShouldBeNull();
            await stage.StopAsync();
            await copy.TakeAsync();
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public async Task A_database_that_was_lost_is_not_made_anew_and_an_epoch_does_not_heal_it(int shard, bool isLater)
    {
        await using var stage = await InstallationStage.StartClusterAsync();
        for (var used = 0; used < 2; used++) await stage.AccountAsync(used, 100);
        await stage.LevelAsync();
        await stage.StopAsync();
        // As operators start it: how many shards there are, the databases say.
        var node = stage.Cluster!.Node with { Shards = null };
        if (isLater) (await InstallationEpochs.BeginAsync(node, "a test", default)).ShouldBeGreaterThan(1);
        var (server, database) = (node.Cluster!.MySql[0], $"{node.Cluster.Name}_{shard}");
        await RunAsync(server, $"DROP DATABASE {database}");
        for (var machine = 0; machine < 2; machine++)
        {
            string[] refusals =
            [
                (await Should.ThrowAsync<TidelineException>(() => TidelineNode.StartAsync(node, default))).Message,
                (await Should.ThrowAsync<TidelineException>(
                    () => InstallationEpochs.BeginAsync(node, "a test", default))).Message,
            ];
            refusals.ShouldAllBe(
                sentence => sentence.Contains($"{database} is missing, shard {shard} of 2", StringComparison.Ordinal)
                && sentence.Contains("from one backup", StringComparison.Ordinal)
                && !sentence.Contains("epoch begin", StringComparison.Ordinal));
            (await RunAsync(server,
                $"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '{database}'")).ShouldBe(0);
            // Another one has no manifest.
            if (machine == 0) Directory.Delete(stage.Data, recursive: true);
        }
    }

    [Fact]
    public async Task An_installation_whose_databases_are_all_lost_is_known_by_the_manifest()
    {
        await using var stage = await InstallationStage.StartClusterAsync();
        await stage.AccountAsync(1, 100);
        await stage.StopAsync();
        var node = stage.Cluster!.Node;
        for (var shard = 0; shard < 2; shard++)
            await RunAsync(node.Cluster!.MySql[0], $"DROP DATABASE {node.Cluster.Name}_{shard}");
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync())).Message
            .ShouldContain($"{node.Cluster!.Name}_0 is missing");
    }

    private static async Task<int> RunAsync(string server, FormattableString sql)
    {
        await using var connection = new MySqlConnection(server);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql.ToString(CultureInfo.InvariantCulture), connection);
        return Convert.ToInt32(await command.ExecuteScalarAsync() ?? 0, CultureInfo.InvariantCulture);
    }

    /// <summary>The databases of both shards as they once were, beside them on the same server.</summary>
    private sealed class MySqlCopy(string server, string name) : IAsyncDisposable
    {
        private static readonly int[] Shards = [0, 1];

        public Task TakeAsync() => CopyAsync(shard => $"{name}_{shard}", shard => $"{name}_copy{shard}");

        public Task PutBackAsync() => CopyAsync(shard => $"{name}_copy{shard}", shard => $"{name}_{shard}");

        public async ValueTask DisposeAsync()
        {
            await using var connection = await OpenAsync();
            foreach (var shard in Shards) await RunAsync(connection, $"DROP DATABASE IF EXISTS {name}_copy{shard}");
        }

        private async Task CopyAsync(Func<int, string> from, Func<int, string> to)
        {
            await using var connection = await OpenAsync();
            foreach (var shard in Shards)
            {
                var (source, target) = (from(shard), to(shard));
                await RunAsync(connection, $"DROP DATABASE IF EXISTS {target}");
                await RunAsync(connection, $"CREATE DATABASE {target}");
                var tables = await TablesAsync(connection, source);
                tables.ShouldNotBeEmpty();
                foreach (var (table, columns) in tables)
                {
                    await RunAsync(connection, $"CREATE TABLE {target}.{table} LIKE {source}.{table}");
                    await RunAsync(
                        connection, $"INSERT INTO {target}.{table} ({columns}) SELECT {columns} FROM {source}.{table}");
                }
            }
        }

        // With the columns that are not made from others. The program makes the views.
        private static async Task<List<(string Table, string Columns)>> TablesAsync(
            MySqlConnection connection, string database)
        {
            await using var query = new MySqlCommand(
                "SELECT table_name, GROUP_CONCAT(CONCAT('`', column_name, '`')) FROM information_schema.columns"
                + " JOIN information_schema.tables USING (table_schema, table_name)"
                + $" WHERE table_schema = '{database}' AND table_type = 'BASE TABLE' AND generation_expression = ''"
                + " GROUP BY table_name", connection);
            await using var rows = await query.ExecuteReaderAsync();
            var tables = new List<(string, string)>();
            while (await rows.ReadAsync()) tables.Add((rows.GetString(0), rows.GetString(1)));
            return tables;
        }

        private async Task<MySqlConnection> OpenAsync()
        {
            var connection = new MySqlConnection(server);
            await connection.OpenAsync();
            return connection;
        }

        private static async Task RunAsync(MySqlConnection connection, FormattableString sql)
        {
            await using var command = new MySqlCommand(sql.ToString(CultureInfo.InvariantCulture), connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
