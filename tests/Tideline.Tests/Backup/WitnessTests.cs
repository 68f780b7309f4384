using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tests.Backup;

/// <summary>Those who saw how far a shard was: they hold nobody up, and they do not forget.</summary>
public sealed class WitnessTests
{
    [Fact]
    public async Task A_witness_that_does_not_answer_counts_as_away_and_the_others_are_heard()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.AccountAsync(0, 100);
        var reader = stage.Node.Ledger.Reader(0);
        var head = await ManifestKeeper.HeadAsync(reader, default);
        var never = new TaskCompletionSource<ManifestHead?>();
        var guard = new HistoryGuard(TimeProvider.System, NullLogger.Instance);
        guard.Add(new Witness("the log", (_, _) => new ValueTask<ManifestHead?>(never.Task)));
        guard.Add(
            new Witness("a topic", (_, _) => new ValueTask<ManifestHead?>(never.Task)),
            instead: new Witness("the views", (_, _) => ValueTask.FromResult<ManifestHead?>(head)));
        (await guard.FindFaultAsync(reader, 0, default).WaitAsync(TimeSpan.FromSeconds(30))).ShouldBeNull();

        guard.Add(new Witness(
            "the manifest", (_, _) => ValueTask.FromResult<ManifestHead?>(head with { EventSeq = head.EventSeq + 1 })));
        var fault = await guard.FindFaultAsync(reader, 0, default).WaitAsync(TimeSpan.FromSeconds(30));
        fault.ShouldNotBeNull().Sentence.ShouldContain("but the manifest saw events to");
    }

    [Fact]
    public async Task A_server_that_comes_back_with_less_does_not_make_the_manifest_forget()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.StopAsync();
        InstallationStage.CopyFolder(Path.Combine(stage.Data, "ledger"), stage.Data + "-less/ledger");
        await stage.OpenAsync();
        await stage.DepositAsync(account, 1);
        await stage.StopAsync();
        await using var whole = SqliteLedgerStore.Open(stage.Data);
        await using var less = SqliteLedgerStore.Open(stage.Data + "-less");
        var failing = FailingOver.Between(whole.OpenReader(0), less.OpenReader(0));
        await using var ledger = await GeneralLedger.StartAsync(
            new OneReader(whole, failing), TimeProvider.System, new IdGenerator(TimeProvider.System),
            NullLogger.Instance, default, new TaskCompletionSource().Task);
        var guard = new HistoryGuard(TimeProvider.System, NullLogger.Instance);
        await using var keeper = new ManifestKeeper(
            ledger, guard, stage.Data, TimeProvider.System, NullLogger.Instance);
        await keeper.KeepAsync(default);
        guard.Add(keeper.Witness);
        var seen = Manifest.Read(stage.Data).ShouldNotBeNull();
        keeper.Fault.ShouldBeNull();

        ((FailingOver)(object)failing).HasFailedOver = true;
        await keeper.KeepAsync(default);
        Manifest.Read(stage.Data).ShouldNotBeNull().Heads.ShouldBe(seen.Heads);
        keeper.Fault.ShouldNotBeNull().ShouldContain("acknowledged commands are lost");
        (await guard.FindFaultAsync(failing, 0, default)).ShouldNotBeNull().Seen.ShouldBe(seen.Heads[0]);
        ((FailingOver)(object)failing).HasFailedOver = false;
        await keeper.KeepAsync(default);
        keeper.Fault.ShouldBeNull();
    }

    // Reads of the newest server, or of one that lacks the end.
    public class FailingOver : DispatchProxy
    {
        private (IShardReader Before, IShardReader After) _readers;

        public bool HasFailedOver { get; set; }

        internal static IShardReader Between(IShardReader before, IShardReader after)
        {
            var proxy = Create<IShardReader, FailingOver>();
            ((FailingOver)(object)proxy)._readers = (before, after);
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Invoke(HasFailedOver ? _readers.After : _readers.Before, args);
    }

    private sealed class OneReader(ILedgerStore store, IShardReader reader) : ILedgerStore
    {
        public ShardMap Map => store.Map;

        public ShardOwner Self => store.Self;

        public bool TakesKeysOf(int shard, int home) => store.TakesKeysOf(shard, home);

        public IReadOnlyList<EpochRow> Epochs(int shard) => store.Epochs(shard);

        public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel) =>
            store.BeginEpochAsync(shard, epoch, cancel);

        public IShardStore OpenWriter(int shard) => store.OpenWriter(shard);

        public IShardReader OpenReader(int shard) => reader;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
