using Tideline.Kernel;

namespace Tideline.Tests.Ledger;

/// <summary>What an owner does again and again for each of its shards.</summary>
public sealed class OwnedShardTests : IAsyncLifetime
{
    private Bank _bank = null!;

    public async ValueTask InitializeAsync() => _bank = await Bank.OpenAsync(shards: 3);

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_shard_that_fails_keeps_no_other_waiting_whatever_it_fails_with()
    {
        var done = new List<int>();
        Exception[] faults = [new TidelineException(ErrorCode.StorageUnavailable, "It is away."),
            new OperationCanceledException("It waited for something else.")];
        var told = await Should.ThrowAsync<TidelineException>(() => _bank.Ledger.ForOwnedAsync(
            shard =>
            {
                if (shard < faults.Length) throw faults[shard];
                done.Add(shard);
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken));
        (told.Code, told.Message).ShouldBe((ErrorCode.StorageUnavailable, "Shard 0: It is away."));
        done.ShouldBe([2]);
    }

    [Fact]
    public async Task Who_ends_it_is_not_told_of_a_failure()
    {
        using var ending = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(() => _bank.Ledger.ForOwnedAsync(
            async _ =>
            {
                await ending.CancelAsync();
                ending.Token.ThrowIfCancellationRequested();
            },
            ending.Token));
    }
}
