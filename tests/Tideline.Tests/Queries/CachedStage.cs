using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Queries;

/// <summary>
/// A stage whose reads go through a cache; changes are announced to it only when a test says so, and time stands still.
/// </summary>
internal sealed class CachedStage : IAsyncDisposable
{
    private string _token = "";

    private CachedStage(FakeTimeProvider time, BreakableCache cache, Stage stage) =>
        (Time, Cache, Stage) = (time, cache, stage);

    public FakeTimeProvider Time { get; }

    public BreakableCache Cache { get; }

    public Stage Stage { get; }

    public CacheCounts Counts => Stage.Cached.ShouldNotBeNull().Cache.Counts;

    public static async Task<CachedStage> OpenAsync()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var cache = new BreakableCache(time);
        var cached = new CachedStage(time, cache, await Stage.OpenAsync(time, cache));
        await cached.FollowAsync();
        return cached;
    }

    /// <summary>The projections anew, and the changes followed from now.</summary>
    public async Task RestartAsync()
    {
        await Stage.RestartAsync(cache: Cache);
        await FollowAsync();
    }

    /// <summary>A customer with accounts of 100.00 on both shards, in the views.</summary>
    public async Task<(Guid Customer, Guid[] Accounts)> CustomerAsync()
    {
        var made = await Stage.CustomerAsync();
        await Stage.FlowAsync();
        await AnnounceAsync();
        return made;
    }

    /// <summary>Changes of the views → cache, all that there are.</summary>
    public async Task AnnounceAsync()
    {
        while (await Stage.Views.ReadChangesAsync(_token, Limits.EventBatch, default) is { Changes.Count: > 0 } batch)
        {
            await Stage.Cached!.Value.Invalidator.HandleAsync(batch, default);
            _token = batch.ResumeToken;
        }
    }

    public async Task<CustomerRead> ReadAsync(Guid customer, ReadConsistency consistency)
    {
        var read = Stage.Reads.Queries.GetCustomerAsync(customer, consistency, default);
        // A session read that waits for the views is not kept waiting.
        if (!read.IsCompleted) Time.Advance(TimeSpan.FromMilliseconds(QueryLimits.SessionWaitMs));
        return (await read).ShouldNotBeNull();
    }

    /// <summary>The sum of the customer's accounts, and where it came from.</summary>
    public async Task<(long SumMinor, ServedBy ServedBy)> SumAsync(Guid customer, ReadConsistency consistency)
    {
        var read = await ReadAsync(customer, consistency);
        return (read.Customer.Accounts.Sum(account => account.PostedMinor), read.ServedBy);
    }

    public void Pass(int ms) => Time.Advance(TimeSpan.FromMilliseconds(ms));

    public async ValueTask DisposeAsync()
    {
        await Stage.DisposeAsync();
        await Cache.DisposeAsync();
    }

    private async Task FollowAsync()
    {
        _token = await Stage.Cached!.Value.Invalidator.BeginAsync(default);
        // What is of the very moment at which following began is not believed.
        Pass(1);
    }
}
