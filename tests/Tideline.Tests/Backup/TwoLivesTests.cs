using Tideline.Engines.Backup;
using Tideline.Kernel;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Node;
using Tideline.Queries;

namespace Tideline.Tests.Backup;

/// <summary>One backup that goes on twice: what one life gave out is never taken for the other's.</summary>
public sealed class TwoLivesTests
{
    [Fact]
    public async Task Two_restores_of_one_backup_are_told_apart_by_tokens_and_records()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.LevelAsync();
        await stage.Node.Backup!.WriteAsync(stage.Data + "-backup", default);
        await stage.StopAsync();
        var lives = new List<Life>();
        foreach (var name in (string[])["-first", "-second"])
        {
            await EmbeddedRestore.RunAsync(
                stage.Data + "-backup", stage.Data + name, TimeProvider.System.GetUtcNow(), default);
            await stage.OpenAsync(data: stage.Data + name);
            await stage.DepositAsync(account, lives.Count + 1);
            await stage.LevelAsync();
            await stage.VerifyAsync();
            var ledger = stage.Node.Ledger;
            var records = await stage.Node.Log.ReadAsync(Topics.AccountEvents, 0, 0, 100, default);
            lives.Add(new Life(TokenScope.Of(ledger), records[^1], new SourceHistory(ledger.Epochs)));
            await stage.StopAsync();
        }

        lives[1].Scope.Epoch.ShouldBeGreaterThan(lives[0].Scope.Epoch);
        foreach (var (mine, others) in ((Life, Life)[])[(lives[0], lives[1]), (lives[1], lives[0])])
        {
            var token = ConsistencyToken.Encode([new Position(0, others.Newest.SourceSeq)], others.Scope);
            Should.Throw<TidelineException>(() => ConsistencyToken.Parse(token, mine.Scope))
                .Code.ShouldBe(ErrorCode.InvalidInput);
            IsLeftBehind(mine.Sources, mine.Newest).ShouldBeFalse();
            IsLeftBehind(mine.Sources, others.Newest).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task The_log_alone_tells_that_a_ledger_lacks_a_whole_epoch()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.KeepLedgerAsync();
        var later = new NodeOptions { DataDirectory = stage.Data };
        await InstallationEpochs.BeginAsync(later, "a test", default);
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        await stage.LevelAsync();
        await stage.StopAsync();
        Directory.Delete(Path.Combine(stage.Data, "ledger"), recursive: true);
        InstallationStage.CopyFolder(stage.Data + "-old", Path.Combine(stage.Data, "ledger"));
        Directory.Delete(Path.Combine(stage.Data, "views"), recursive: true);
        File.Delete(Path.Combine(stage.Data, Manifest.FileName));
        var refused = await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync());
        (refused.Code, refused.Message.Contains("the log saw", StringComparison.Ordinal))
            .ShouldBe((ErrorCode.Corrupt, true), refused.Message);
    }

    private static bool IsLeftBehind(SourceHistory sources, LogRecord record) =>
        sources.IsLeftBehind(ShardStream.Events, record.Source, record.SourceSeq);

    private sealed record Life(TokenScope Scope, LogRecord Newest, SourceHistory Sources);
}
