using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Tests.Queries;

public sealed class CacheInvalidatorTests : IAsyncLifetime
{
    private const int KeptChanges = 20;
    private const string Collection = "customers_v1";
    private static readonly string Ada = ViewCache.Key(Collection, "ada");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-cache-{new IdGenerator(TimeProvider.System).Next():N}");
    private SqliteViewStore _views = null!;
    private BreakableCache _cache = null!;
    private ViewCache _customers = null!;
    private FaultLog _log = null!;
    private CacheInvalidator _invalidator = null!;

    public async ValueTask InitializeAsync()
    {
        _views = SqliteViewStore.Open(_folder, KeptChanges);
        await _views.EnsureCollectionAsync(new CollectionDefinition(Collection, [], LogChanges: true), default);
        _cache = new BreakableCache(_time);
        _customers = new ViewCache(_cache, _time);
        _log = new FaultLog(IsFoundAsync);
        _invalidator = new CacheInvalidator(_customers, _views, _time, _log);
    }

    public async ValueTask DisposeAsync()
    {
        await _invalidator.DisposeAsync();
        await _cache.DisposeAsync();
        await _views.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Nothing_is_believed_before_changes_are_followed()
    {
        await FillAsync(1);
        (await IsFoundAsync()).ShouldBeFalse();
        await _invalidator.BeginAsync(default);
        (await IsFoundAsync()).ShouldBeFalse();
        await FillAsync(1);
        (await IsFoundAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task When_the_cache_does_not_take_a_change_nothing_from_before_is_believed()
    {
        await _invalidator.BeginAsync(default);
        await FillAsync(1);
        _cache.IsGone = true;
        await _invalidator.HandleAsync(Changes(("somebody", "replace", 2)), default);
        _cache.IsGone = false;
        (await IsFoundAsync()).ShouldBeFalse();
        await FillAsync(1);
        (await IsFoundAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task The_newest_of_many_changes_counts_and_a_deleted_document_is_not_filled_again()
    {
        await _invalidator.BeginAsync(default);
        await FillAsync(5);
        await _invalidator.HandleAsync(
            Changes(("ada", "replace", 6), ("ada", "replace", 8), ("ada", "replace", 7)), default);
        (await IsFoundAsync()).ShouldBeFalse();
        await FillAsync(7);
        (await IsFoundAsync()).ShouldBeFalse();
        await FillAsync(8);
        (await IsFoundAsync()).ShouldBeTrue();
        // Not every store knows the revision of what is gone.
        await _invalidator.HandleAsync(Changes(("ada", "delete", 0), ("ada", "insert", 1)), default);
        foreach (var revision in new[] { 8, 1 })
        {
            await FillAsync(revision);
            (await IsFoundAsync()).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task It_follows_the_change_log_by_itself()
    {
        await StartAsync();
        await WriteAsync("ada", 0);
        await FillAsync(1);
        (await IsFoundAsync()).ShouldBeTrue();
        await WriteAsync("ada", 1);
        await UntilAsync(async () => !await IsFoundAsync());
        _customers.Counts[CacheOutcome.Invalidated].ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task When_its_place_has_left_the_change_log_nothing_is_believed_until_it_follows_again()
    {
        await StartAsync();
        (await IsFoundAsync()).ShouldBeTrue();

        // More changes than are kept, in one commit: it cannot have seen the first.
        await _views.WriteAsync(
            Collection, [.. Enumerable.Range(0, KeptChanges * 2).Select(at => Write($"customer-{at}", 0))], default);
        await UntilAsync(async () => !await IsFoundAsync());
        _customers.Counts[CacheOutcome.Invalidated].ShouldBe(0);
        await BelievesAsync();
        _log.FoundAtFault.ShouldNotBeEmpty();
        _log.FoundAtFault.ShouldAllBe(found => !found);
    }

    [Fact]
    public async Task A_read_of_the_change_log_that_hangs_is_a_fault_after_a_while()
    {
        var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var views = HangingViews.Around(_views, hang.Task);
        await using var invalidator = new CacheInvalidator(_customers, views, _time, _log);
        invalidator.Start();
        try
        {
            invalidator.Fault.ShouldBeNull();
            _time.Advance(TimeSpan.FromMilliseconds(Limits.LoopStallMs + 1_000));
            invalidator.Fault.ShouldNotBeNull().ShouldStartWith("The invalidation of the cache has made no progress");
        }
        finally
        {
            // Else the end of the loop would wait for ever.
            hang.SetResult();
        }

        await UntilAsync(() => Task.FromResult(invalidator.Fault is null));
    }

    private async Task StartAsync()
    {
        _invalidator.Start();
        await BelievesAsync();
    }

    private Task BelievesAsync() => UntilAsync(async () =>
    {
        await FillAsync(1);
        return await IsFoundAsync();
    });

    // The time of the loop passes while it is waited for.
    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(1, limit.Token);
        }
    }

    private async Task FillAsync(long revision)
    {
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var found = await _customers.FindAsync(Ada, ReadConsistency.Eventual, default);
        var document = new Document("ada", revision, "{}"u8.ToArray());
        await _customers.FillAsync(Ada, found.Lease, new FreshnessProof(_time.NowUs(), [1]), document, default);
    }

    private async Task<bool> IsFoundAsync() =>
        (await _customers.FindAsync(Ada, ReadConsistency.Eventual, default)).Json is not null;

    private async Task WriteAsync(string id, long revision) =>
        (await _views.WriteAsync(Collection, [Write(id, revision)], default)).ShouldBe([true]);

    private static DocumentWrite Write(string id, long revision) =>
        new(id, revision, revision + 1, Encoding.UTF8.GetBytes("{}"), new Dictionary<string, object?>());

    private static ChangeBatch Changes(params (string Id, string Operation, long Revision)[] changes) =>
        new([.. changes.Select(
            change => new DocumentChange(Collection, change.Id, change.Operation, change.Revision, null))], "1");

    /// <summary>Views whose change log is not answered before a task ends.</summary>
    public class HangingViews : DispatchProxy
    {
        private IViewStore _inner = null!;
        private Task _until = null!;

        internal static IViewStore Around(IViewStore inner, Task until)
        {
            var proxy = Create<IViewStore, HangingViews>();
            (((HangingViews)(object)proxy)._inner, ((HangingViews)(object)proxy)._until) = (inner, until);
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(IViewStore.ReadChangedIdsAsync)
                ? new ValueTask<ChangeBatch>(ReadAsync((string?)args![0], (int)args[1]!, (CancellationToken)args[2]!))
                : targetMethod.Invoke(_inner, args);

        private async Task<ChangeBatch> ReadAsync(string? token, int limit, CancellationToken cancel)
        {
            await _until;
            return await _inner.ReadChangedIdsAsync(token, limit, cancel);
        }
    }

    /// <summary>
    /// Notes at each fault that is logged, by the thread that logs it, whether an entry was still believed.
    /// </summary>
    private sealed class FaultLog(Func<Task<bool>> isFound) : ILogger
    {
        public List<bool> FoundAtFault { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel,
            EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            FoundAtFault.Add(isFound().GetAwaiter().GetResult());
    }
}
