using Tideline.Engines.Backup;
using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Tests.Backup;

/// <summary>Shards that were copied at different moments do not make an installation.</summary>
public sealed class MixedMomentsTests
{
    [Fact]
    public async Task An_epoch_begins_on_shards_of_different_moments_only_when_told_to()
    {
        await using var stage = await InstallationStage.StartAsync();
        var (from, to) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        (await stage.TransferAsync(from, to, 30)).Refusal.ShouldBeNull();
        await stage.LevelAsync();
        await stage.StopAsync();
        // Shard 1 as it was before the transfer arrived.
        stage.ReplaceShard(1, stage.Data + "-old");
        var node = new NodeOptions { DataDirectory = stage.Data };
        var refused = await Should.ThrowAsync<TidelineException>(
            () => InstallationEpochs.BeginAsync(node, "a test", default));
        refused.Code.ShouldBe(ErrorCode.Corrupt);
        refused.Message.ShouldStartWith("The shards are from different moments; no epoch was begun. Shard 0:");
        (await InstallationEpochs.BeginAsync(node, "a test", default, anyway: true)).ShouldBeGreaterThan(1);
        await stage.OpenAsync();
        (await stage.PostedAsync(to)).ShouldBe(100);
    }

    [Theory]
    [InlineData("types")]
    [InlineData("source_names")]
    public async Task A_log_that_lost_a_table_keeps_no_node_from_starting(string table)
    {
        await using var stage = await InstallationStage.StartAsync();
        var account = await stage.AccountAsync(0, 100);
        await stage.LevelAsync();
        await stage.StopAsync();
        stage.SqlOfLog($"DELETE FROM {table}");
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        (await stage.PostedAsync(account)).ShouldBe(101);
    }

    [Fact]
    public async Task A_backup_is_no_data_folder()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.AccountAsync(0, 100);
        await stage.Node.Backup!.WriteAsync(stage.Data + "-backup", default);
        await stage.StopAsync();
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync(data: stage.Data + "-backup"))).Message
            .ShouldContain("is a backup, which must not change");
        // It is as it was.
        await EmbeddedRestore.RunAsync(
            stage.Data + "-backup", stage.Data + "-restored", TimeProvider.System.GetUtcNow(), default);
    }
}
