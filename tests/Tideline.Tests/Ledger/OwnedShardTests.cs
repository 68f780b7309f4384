using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tests.Log;

namespace Tideline.Tests.Ledger;

/// <summary>What an owner does again and again for each of its shards.</summary>
public sealed class OwnedShardTests : IAsyncLifetime
{
    private Bank _bank = null!;

    public async ValueTask InitializeAsync() => _bank = await Bank.OpenAsync(shards: 3);

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_shard_that_hangs_or_fails_keeps_no_other_waiting()
    {
        var passes = new int[3];
        var hangs = new TaskCompletionSource();
        await using var loops = new OwnedShardLoops(
            _bank.Ledger, "test", (shard, cancel) =>
            {
                Interlocked.Increment(ref passes[shard]);
                if (shard == 1) throw new TidelineException(ErrorCode.StorageUnavailable, "It is away.");
                return shard == 0 ? hangs.Task.WaitAsync(cancel) : Task.CompletedTask;
            },
            TimeSpan.FromMilliseconds(1), TimeProvider.System, NullLogger.Instance);
        loops.Start();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref passes[2]) > 5);
        Volatile.Read(ref passes[0]).ShouldBe(1);
        await Eventually.IsTrueAsync(
            () => loops.Fault == "The test of shard 1 keeps failing and is retried: It is away.");
        // Ends although a pass is under way.
        await loops.DisposeAsync();
    }
}
