using Tideline.Kernel;
using Tideline.Tests.Log;

namespace Tideline.Tests.Backup;

/// <summary>
/// Files of the ledger that are removed, replaced or put together while the program runs, or while it does not.
/// </summary>
public sealed class SwappedFileTests
{
    [Theory]
    [InlineData("shard-1.db")]
    [InlineData("shard-1.db-wal")]
    public async Task A_file_and_a_write_ahead_log_of_different_moments_are_refused(string older)
    {
        await using var stage = await InstallationStage.StartAsync();
        var account = await stage.AccountAsync(1, 100);
        var ledger = Path.Combine(stage.Data, "ledger");
        // As after kill -9: while the node runs, so the log is not laid over the file.
        InstallationStage.CopyFolder(ledger, stage.Data + "-before");
        await stage.DepositAsync(account, 1);
        await stage.StopAsync();
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        await stage.DepositAsync(account, 1);
        InstallationStage.CopyFolder(ledger, stage.Data + "-after");
        await stage.StopAsync();

        foreach (var file in Directory.EnumerateFiles(ledger)) File.Delete(file);
        InstallationStage.CopyFolder(stage.Data + "-after", ledger);
        await stage.OpenAsync();
        (await stage.PostedAsync(account)).ShouldBe(103);
        await stage.StopAsync();

        foreach (var file in Directory.EnumerateFiles(ledger)) File.Delete(file);
        InstallationStage.CopyFolder(stage.Data + "-after", ledger);
        File.Copy(Path.Combine(stage.Data + "-before", older), Path.Combine(ledger, older), overwrite: true);
        for (var start = 1; start <= 2; start++)
        {
            var refused = await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync());
            (refused.Code, refused.Message).ShouldSatisfyAllConditions(
                it => it.Code.ShouldBe(ErrorCode.Corrupt),
                it => it.Message.ShouldContain($"{older} was put here from an earlier one"));
        }
    }

    [Theory]
    [InlineData("shard-1.db", "removed")]
    [InlineData("shard-1.db-wal", "removed")]
    [InlineData("shard-1.db", "replaced by another file")]
    [InlineData("shard-1.db-wal", "replaced by another file")]
    public async Task A_file_that_is_taken_away_while_the_program_runs_stops_its_shard(string name, string how)
    {
        await using var stage = await InstallationStage.StartAsync();
        var (here, there) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        stage.Node.Ledger.WhyStopped(1).ShouldBeNull();
        var path = Path.Combine(stage.Data, "ledger", name);
        File.Copy(path, path + "x");
        if (how == "removed") File.Delete(path);
        else File.Move(path + "x", path, overwrite: true);
        var refused = await Should.ThrowAsync<TidelineException>(() => stage.DepositAsync(there, 1));
        (refused.Code, refused.Message).ShouldBe((ErrorCode.Corrupt, stage.Node.Ledger.WhyStopped(1)));
        refused.Message.ShouldContain($"{name} was {how} while the program runs");
        await stage.DepositAsync(here, 1);
    }

    [Fact]
    public async Task A_file_that_is_removed_while_nobody_writes_is_noticed()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        File.Delete(Path.Combine(stage.Data, "ledger", "shard-0.db"));
        await Eventually.IsTrueAsync(() => stage.Node.Ledger.WhyStopped(0) is not null);
    }
}
