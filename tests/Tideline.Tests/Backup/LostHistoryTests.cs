using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Host;
using Tideline.Tests.Log;

namespace Tideline.Tests.Backup;

/// <summary>What was acknowledged and is gone is never built upon.</summary>
public sealed class LostHistoryTests
{
    // What each case takes away, beside what it keeps: an older copy of a shard stands for a write-ahead log that is
    // gone.
    [Theory]
    [InlineData("log views manifest")]
    [InlineData("manifest")]
    [InlineData("log")]
    [InlineData("views")]
    public async Task A_shard_that_is_older_than_what_others_saw_takes_no_commands(string witnesses)
    {
        await using var stage = await InstallationStage.StartAsync();
        var (here, there) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        for (var i = 0; i < 5; i++) await stage.DepositAsync(there, 1);
        await stage.LevelAsync();
        await stage.StopAsync();

        stage.ReplaceShard(1, stage.Data + "-old");
        if (!witnesses.Contains("log", StringComparison.Ordinal))
            Directory.Delete(Path.Combine(stage.Data, "log"), recursive: true);
        if (!witnesses.Contains("views", StringComparison.Ordinal))
            Directory.Delete(Path.Combine(stage.Data, "views"), recursive: true);
        if (!witnesses.Contains("manifest", StringComparison.Ordinal))
            File.Delete(Path.Combine(stage.Data, Manifest.FileName));
        for (var start = 1; start <= 2; start++)
        {
            await stage.OpenAsync();
            var refused = await Should.ThrowAsync<TidelineException>(() => stage.DepositAsync(there, 1));
            refused.Code.ShouldBe(ErrorCode.Corrupt);
            refused.Message.ShouldContain("Shard 1 of the ledger holds events to");
            stage.Node.Health.Faults().ShouldContain(
                fault => fault.Part == "history" && fault.Sentence.Contains("Shard 1", StringComparison.Ordinal));
            // Nobody waits for an owner of a shard that is closed until the next start.
            await stage.Node.Ledger.WaitForOwnersAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
            // The other shard is sound and goes on.
            await stage.DepositAsync(here, 1);
            (await stage.PostedAsync(here)).ShouldBe(100 + start);
            // What is there is not the truth, and is not told as that.
            (await Should.ThrowAsync<TidelineException>(() => stage.PostedAsync(there))).Code
                .ShouldBe(ErrorCode.Corrupt);
            (await stage.Node.Verifier.VerifyAsync(deep: false, default)).Ok.ShouldBeFalse();
            await ForgetAsync(stage);
        }

        // What was lost is put back: the manifest knows it again.
        InstallationStage.CopyFolder(stage.Data + "-whole", Path.Combine(stage.Data, "ledger"));
        await stage.OpenAsync();
        await stage.DepositAsync(there, 1);
        (await stage.PostedAsync(there)).ShouldBe(106);
        await stage.VerifyAsync();
    }

    [Theory]
    [InlineData("log views")]
    [InlineData("manifest")]
    public async Task A_shard_whose_history_forked_stays_closed_when_the_witnesses_are_gone(string witnesses)
    {
        await using var stage = await InstallationStage.StartAsync();
        var account = await stage.AccountAsync(1, 100);
        stage.ReplaceShard(1, await stage.ForkAsync(account));
        if (witnesses == "manifest") DeleteLogAndViews(stage);
        else File.Delete(Path.Combine(stage.Data, Manifest.FileName));
        for (var start = 1; start <= 2; start++)
        {
            await stage.OpenAsync();
            (await Should.ThrowAsync<TidelineException>(() => stage.DepositAsync(account, 1))).Message
                .ShouldContain("the ledger has another history");
            await ForgetAsync(stage);
        }
    }

    [Fact]
    public async Task A_process_that_would_only_stand_by_refuses_what_its_manifest_saw_more_of_and_keeps_that()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.StopAsync();
        InstallationStage.CopyFolder(Path.Combine(stage.Data, "ledger"), stage.Data + "-old/ledger");
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        await stage.StopAsync();
        var seen = Manifest.Read(stage.Data).ShouldNotBeNull();
        await using var store = SqliteLedgerStore.Open(stage.Data + "-old");
        var guard = new HistoryGuard(TimeProvider.System, NullLogger.Instance);
        guard.Add(HistoryCheck.Of(seen, store.Epochs(0)[^1]));
        // Not reachable yet: it acquires nothing.
        var refused = await Should.ThrowAsync<TidelineException>(() => GeneralLedger.StartAsync(
            store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, default,
            new TaskCompletionSource().Task, findFault: guard.FindFaultAsync));
        refused.Code.ShouldBe(ErrorCode.Corrupt);
        Manifest.Read(stage.Data).ShouldNotBeNull().Heads.ShouldBe(seen.Heads);
    }

    [Fact]
    public async Task A_demo_leaves_a_closed_shard_out()
    {
        await using var stage = await InstallationStage.StartAsync();
        // Only a folder of the demo's own takes its customers.
        var ada = new CreateCustomer(
            Guid.Parse("00000000-0000-7000-8000-00000000000a"), "Ada Lindqvist", "ada@example.com", "SE");
        await stage.Node.Ledger.ExecuteAsync(ada, default);
        var account = await stage.AccountAsync(1, 100);
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        await stage.LevelAsync();
        await stage.StopAsync();
        stage.ReplaceShard(1, stage.Data + "-old");
        using var program = Process.Start(HostProcess.Command("up", "--demo", "--data", stage.Data, "--port", "0"))!;
        try
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var said = "";
            while (!said.Contains("Ctrl-C", StringComparison.Ordinal))
                said += await program.StandardOutput.ReadLineAsync(late.Token) ?? throw new InvalidOperationException(
                    $"It ended: {await program.StandardError.ReadToEndAsync(late.Token)}");
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_shard_with_another_history_of_the_same_length_takes_no_commands()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        stage.ReplaceShard(0, await stage.ForkAsync(account));
        var refused = await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync());
        refused.Code.ShouldBe(ErrorCode.Corrupt);
        refused.Message.ShouldContain("the ledger has another history");
    }

    [Fact]
    public async Task A_folder_whose_ledger_is_gone_is_not_begun_anew()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.AccountAsync(0, 100);
        await stage.StopAsync();
        Directory.Delete(Path.Combine(stage.Data, "ledger"), recursive: true);
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync()))
            .Message.ShouldContain("shows that it existed");
        Directory.Exists(Path.Combine(stage.Data, "ledger")).ShouldBeFalse();

        foreach (var trace in (string[])["views", "log"])
        {
            Directory.Delete(Path.Combine(stage.Data, trace), recursive: true);
            (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync()))
                .Message.ShouldContain("shows that it existed");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_file_of_the_ledger_that_is_missing_is_named(int shard)
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.AccountAsync(shard, 100);
        await stage.StopAsync();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(stage.Data, "ledger"), $"shard-{shard}.db*"))
            File.Delete(file);
        var refused = await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync());
        refused.Message.ShouldContain($"shard-{shard}.db is missing");
        File.Exists(Path.Combine(stage.Data, "ledger", $"shard-{shard}.db")).ShouldBeFalse();
    }

    [Fact]
    public async Task An_empty_file_in_the_place_of_a_shard_is_refused()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.AccountAsync(1, 100);
        await stage.StopAsync();
        await File.WriteAllBytesAsync(Path.Combine(stage.Data, "ledger", "shard-1.db"), []);
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync()))
            .Message.ShouldContain("shard-1.db holds no ledger");
    }

    [Fact]
    public async Task Views_of_another_installation_are_not_taken()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.AccountAsync(0, 100);
        await stage.StopAsync();
        await using var other = await InstallationStage.StartAsync(1);
        await other.AccountAsync(0, 100);
        await other.LevelAsync();
        await other.StopAsync();
        Directory.Delete(Path.Combine(stage.Data, "views"), recursive: true);
        InstallationStage.CopyFolder(Path.Combine(other.Data, "views"), Path.Combine(stage.Data, "views"));
        await stage.OpenAsync();
        await Eventually.IsTrueAsync(() => stage.Node.Health.Faults().Any(fault =>
            fault.Part == "view tier" && fault.Sentence.Contains("another installation", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_shard_of_another_installation_is_refused()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.StopAsync();
        await using var other = await InstallationStage.StartAsync();
        await other.StopAsync();
        File.Copy(Path.Combine(other.Data, "ledger", "shard-1.db"),
            Path.Combine(stage.Data, "ledger", "shard-1.db"), overwrite: true);
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync()))
            .Message.ShouldContain("they come from two installations");
    }

    [Fact]
    public async Task Log_and_views_that_are_gone_are_made_again()
    {
        await using var stage = await InstallationStage.StartAsync();
        var (left, right) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        for (var round = 0; round < 3; round++)
        {
            (await stage.TransferAsync(left, right, 10)).Status.ShouldBe(TransferStatus.Settled);
            (await stage.TransferAsync(right, left, 1)).Status.ShouldBe(TransferStatus.Settled);
            await stage.StopAsync();
            Directory.Delete(Path.Combine(stage.Data, "log"), recursive: true);
            Directory.Delete(Path.Combine(stage.Data, "views"), recursive: true);
            await stage.OpenAsync();
        }

        (await stage.TransferAsync(left, right, 10)).Status.ShouldBe(TransferStatus.Settled);
        await stage.VerifyAsync();
        (await stage.PostedAsync(left), await stage.PostedAsync(right)).ShouldBe((63, 137));
    }

    [Fact]
    public async Task The_manifest_names_the_durable_heads()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.AccountAsync(0, 100);
        var head = stage.Node.Ledger.CommittedHead(0);
        await stage.StopAsync();
        var manifest = Manifest.Read(stage.Data).ShouldNotBeNull();
        (manifest.Epoch, manifest.Shards, manifest.Heads[0].EventSeq).ShouldBe((1, 2, head.EventSeq));
        manifest.Heads[0].EventHash.Length.ShouldBe(64);
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_stops_the_start_and_says_what_to_do()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(stage.Data, Manifest.FileName), "{\"heads\":");
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync())).Message.ShouldContain("move it away");
    }

    [Fact]
    public async Task An_empty_shard_in_an_earlier_epoch_is_a_lost_one_and_an_epoch_does_not_heal_it()
    {
        await using var stage = await InstallationStage.StartAsync();
        await stage.StopAsync();
        InstallationStage.CopyFolder(Path.Combine(stage.Data, "ledger"), stage.Data + "-empty");
        await stage.OpenAsync();
        for (var shard = 0; shard < 2; shard++) await stage.AccountAsync(shard, 100);
        await stage.StopAsync();
        var options = new NodeOptions { DataDirectory = stage.Data };
        (await InstallationEpochs.BeginAsync(options, "a test", default)).ShouldBeGreaterThan(1);
        File.Copy(Path.Combine(stage.Data + "-empty", "shard-1.db"),
            Path.Combine(stage.Data, "ledger", "shard-1.db"), overwrite: true);
        var manifest = await File.ReadAllTextAsync(Path.Combine(stage.Data, Manifest.FileName));
        string[] refusals =
        [
            (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync())).Message,
            (await Should.ThrowAsync<TidelineException>(
                () => InstallationEpochs.BeginAsync(options, "a test", default))).Message,
        ];
        refusals.ShouldAllBe(sentence => sentence.Contains("Shard 1 holds nothing", StringComparison.Ordinal)
            && sentence.Contains("from one backup", StringComparison.Ordinal)
            && !sentence.Contains("epoch begin", StringComparison.Ordinal));
        (await File.ReadAllTextAsync(Path.Combine(stage.Data, Manifest.FileName))).ShouldBe(manifest);
    }

    [Fact]
    public async Task An_epoch_that_was_begun_and_not_finished_is_finished_on_shards_without_events_too()
    {
        await using var stage = await InstallationStage.StartAsync(3);
        await stage.AccountAsync(0, 100);
        await stage.StopAsync();
        await using var ledger = SqliteLedgerStore.Open(stage.Data);
        for (var crash = 1; crash <= 2; crash++)
        {
            await Should.ThrowAsync<IOException>(() => EpochBeginning.RunAsync(
                new CrashingStore(ledger), "a test", TimeProvider.System.GetUtcNow(), 0, default));
        }

        (await EpochBeginning.RunAsync(ledger, "a test", TimeProvider.System.GetUtcNow(), 0, default))
            .ShouldBeGreaterThan(1);
        Enumerable.Range(0, 3).Select(shard => ledger.Epochs(shard).Count).ShouldBe([2, 2, 2]);
    }

    // Only the manifest is left.
    private static async Task ForgetAsync(InstallationStage stage)
    {
        await stage.StopAsync();
        DeleteLogAndViews(stage);
    }

    private static void DeleteLogAndViews(InstallationStage stage)
    {
        foreach (var folder in (string[])["log", "views"])
            Directory.Delete(Path.Combine(stage.Data, folder), recursive: true);
    }

    // Begins an epoch on one shard, and is gone.
    private sealed class CrashingStore(ILedgerStore store) : ILedgerStore
    {
        private bool _hasBegun;

        public ShardMap Map => store.Map;

        public ShardOwner Self => store.Self;

        public bool TakesKeysOf(int shard, int home) => store.TakesKeysOf(shard, home);

        public IReadOnlyList<EpochRow> Epochs(int shard) => store.Epochs(shard);

        public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel)
        {
            if (_hasBegun) throw new IOException("The power is gone.");
            _hasBegun = true;
            return store.BeginEpochAsync(shard, epoch, cancel);
        }

        public IShardStore OpenWriter(int shard) => store.OpenWriter(shard);

        public IShardReader OpenReader(int shard) => store.OpenReader(shard);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
