using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Ledger;

/// <summary>An engine that does not answer: every command is answered all the same, and is told what is known of
/// it.</summary>
public sealed class AnswerLimitTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_commit_that_hangs_leaves_no_command_without_an_answer()
    {
        HangingStore store = null!;
        await using var bank = await Bank.OpenAsync(1, wrap: inner => store = new HangingStore(inner));
        var account = await bank.AccountAsync(0);
        store.Hang();
        var committing = DepositAsync(bank, account, "a");
        await store.Reached.WaitAsync(Generous, TestContext.Current.CancellationToken);
        var waiting = DepositAsync(bank, account, "b");

        var unknown = await Should.ThrowAsync<TidelineException>(() => committing.WaitAsync(Generous));
        var untouched = await Should.ThrowAsync<TidelineException>(() => waiting.WaitAsync(Generous));
        (unknown.Code, untouched.Code).ShouldBe((ErrorCode.StorageUnavailable, ErrorCode.StorageUnavailable));
        unknown.Message.ShouldContain("did not confirm the commit within 3.5 s");
        untouched.Message.ShouldContain("it had no effect");

        // When the engine answers, a repetition finds out, and nothing happens twice.
        store.GoOn();
        (await DepositAsync(bank, account, "a").WaitAsync(Generous, TestContext.Current.CancellationToken))
            .Refusal.ShouldBeNull();
        (await bank.ReadAsync(account)).PostedMinor.ShouldBe(5);
        (await DepositAsync(bank, account, "b").WaitAsync(Generous, TestContext.Current.CancellationToken))
            .Refusal.ShouldBeNull();
        (await bank.ReadAsync(account)).PostedMinor.ShouldBe(10);
    }

    private static Task<Reply> DepositAsync(Bank bank, Guid account, string key) => bank.Ledger.ExecuteAsync(
        new Deposit(bank.Ledger.Ids.Next(), account, new Money(5, Bank.Eur), null)
        {
            Key = Idempotency.Key("", key),
            Fingerprint = Idempotency.Fingerprint(key)
        }, default);

    // Commits wait until the test lets them go on.
    private sealed class HangingStore(ILedgerStore store) : ILedgerStore
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile TaskCompletionSource? _gate;

        public Task Reached => _reached.Task;

        public ShardMap Map => store.Map;

        public ShardOwner Self => store.Self;

        public void Hang() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void GoOn()
        {
            var gate = _gate;
            _gate = null;
            gate?.SetResult();
        }

        public bool TakesKeysOf(int shard, int home) => store.TakesKeysOf(shard, home);

        public IReadOnlyList<EpochRow> Epochs(int shard) => store.Epochs(shard);

        public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel) =>
            store.BeginEpochAsync(shard, epoch, cancel);

        public IShardStore OpenWriter(int shard) => new Writer(this, store.OpenWriter(shard));

        public IShardReader OpenReader(int shard) => store.OpenReader(shard);

        public ValueTask DisposeAsync() => store.DisposeAsync();

        private sealed class Writer(HangingStore owner, IShardStore shard) : IShardStore
        {
            public int Shard => shard.Shard;

            public bool WaitsAtCommit => shard.WaitsAtCommit;

            public Task Wanted => shard.Wanted;

            public bool HasLease => shard.HasLease;

            public ValueTask<ShardHead> AcquireAsync(CancellationToken cancel) => shard.AcquireAsync(cancel);

            public ValueTask RenewAsync() => shard.RenewAsync();

            public ValueTask<BatchRows> BeginAsync(BatchKeys keys) => shard.BeginAsync(keys);

            public ValueTask<bool> CommitAsync(BatchWrites writes)
            {
                if (owner._gate is { } gate)
                {
                    owner._reached.TrySetResult();
                    // The writer's own thread waits, as it does in an engine.
                    ((IAsyncResult)gate.Task).AsyncWaitHandle.WaitOne();
                }

                return shard.CommitAsync(writes);
            }

            public ValueTask SyncAsync() => shard.SyncAsync();

            public ValueTask RollbackAsync() => shard.RollbackAsync();

            public ValueTask DisposeAsync() => shard.DisposeAsync();
        }
    }
}
