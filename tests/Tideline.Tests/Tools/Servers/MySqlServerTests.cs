using MySqlConnector;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

public sealed class MySqlServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_server_comes_back_with_what_was_committed_and_with_its_options()
    {
        await using var own = await OwnServer<MySqlServer>.StartAsync(folder =>
            MySqlServer.PrepareAsync(folder, serverId: 7, options: ["--innodb-buffer-pool-size=64M"], cancel: Cancel));
        own.Server.Version.ShouldStartWith("MySQL ");
        await AskAsync(own.Server,
            "CREATE DATABASE kept; CREATE TABLE kept.rows (id INT PRIMARY KEY); INSERT INTO kept.rows VALUES (42)");
        await own.Server.KillAsync();
        await own.Server.StartAsync(Cancel);
        (await AskAsync(own.Server, "SELECT id FROM kept.rows")).ShouldBe(42);
        (await AskAsync(own.Server, "SELECT CONCAT_WS(',', @@server_id, @@innodb_buffer_pool_size, @@sync_binlog, "
            + "@@innodb_flush_log_at_trx_commit)")).ShouldBe($"7,{64 << 20},1,1");
    }

    [Fact]
    public async Task A_paused_server_answers_nobody_until_it_goes_on_and_then_ends_cleanly()
    {
        await using var own = await OwnServer<MySqlServer>.StartAsync(
            folder => MySqlServer.PrepareAsync(folder, cancel: Cancel));
        await using var connection = new MySqlConnection(own.Server.Address);
        await connection.OpenAsync(Cancel);
        await using var ask = new MySqlCommand("SELECT 1", connection);
        own.Server.Pause();
        var answer = ask.ExecuteScalarAsync(CancellationToken.None);
        (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(200), Cancel))).ShouldNotBe(answer);
        own.Server.Continue();
        await answer.WaitAsync(Limit, Cancel);
        (await own.Server.StopAsync(Limit)).ShouldBeTrue();
        (await File.ReadAllTextAsync(own.Server.LogFile, Cancel)).ShouldContain("Shutdown complete");
    }

    private static async Task<object?> AskAsync(MySqlServer server, string sql)
    {
        await using var connection = new MySqlConnection($"{server.Address};Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
