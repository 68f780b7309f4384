using System.Buffers.Binary;
using CsCheck;
using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Engines.Tests.Cache;

/// <summary>What every engine of the cache must do.</summary>
public abstract class CacheContract : IAsyncLifetime
{
    private static readonly IdGenerator Ids = new(TimeProvider.System);

    private protected ICache Cache { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cache = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (Cache is not null) await Cache.DisposeAsync();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    private protected abstract ValueTask<ICache> OpenAsync();

    private protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>The key is gone, as after a flush, an eviction or the end of its life.</summary>
    private protected abstract Task ForgetAsync(string key);

    private protected static string NewKey() => $"customers_v1/{Ids.Next()}";

    [Fact]
    public async Task A_key_that_nobody_filled_has_a_lease_and_no_value()
    {
        var answer = await GetAsync(NewKey());
        answer.Value.ShouldBeNull();
        answer.Lease.ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task What_was_filled_is_found_under_its_key_alone()
    {
        var (key, other) = (NewKey(), NewKey());
        byte[] value = [0, 1, 127, 128, 255];
        (await FillAsync(key, (await GetAsync(key)).Lease, 1, value)).ShouldBe(CacheFill.Filled);
        (await GetAsync(key)).Value.ShouldNotBeNull().ToArray().ShouldBe(value);
        (await GetAsync(other)).Value.ShouldBeNull();
    }

    [Fact]
    public async Task All_who_find_nothing_may_fill_and_the_newest_stays()
    {
        var key = NewKey();
        var leases = await Task.WhenAll(
            Enumerable.Range(1, 40).Select(async version => (Version: (long)version, (await GetAsync(key)).Lease)));
        var fills = await Task.WhenAll(leases.Reverse().Select(each => FillAsync(key, each.Lease, each.Version)));
        fills.ShouldContain(CacheFill.Filled);
        (await VersionAsync(key)).ShouldBe(40);
    }

    [Fact]
    public async Task An_older_fill_loses_to_a_newer_one_and_the_same_version_again_is_taken()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        (await FillAsync(key, lease, 6)).ShouldBe(CacheFill.Filled);
        (await FillAsync(key, lease, 5)).ShouldBe(CacheFill.Refused);
        (await VersionAsync(key)).ShouldBe(6);
        (await FillAsync(key, lease, 6)).ShouldBe(CacheFill.Filled);
    }

    [Fact]
    public async Task An_older_fill_loses_to_a_newer_invalidation()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        (await Cache.InvalidateAsync(key, 6, default)).ShouldBeTrue();
        (await FillAsync(key, lease, 5)).ShouldBe(CacheFill.Refused);
        (await VersionAsync(key)).ShouldBeNull();
        (await FillAsync(key, lease, 6)).ShouldBe(CacheFill.Filled);
        (await VersionAsync(key)).ShouldBe(6);
    }

    [Fact]
    public async Task An_invalidation_drops_what_is_older_and_nothing_else()
    {
        var key = NewKey();
        await FillAsync(key, (await GetAsync(key)).Lease, 6);
        (await Cache.InvalidateAsync(key, 5, default)).ShouldBeTrue();
        (await Cache.InvalidateAsync(key, 6, default)).ShouldBeTrue();
        (await VersionAsync(key)).ShouldBe(6);
        (await Cache.InvalidateAsync(key, 7, default)).ShouldBeTrue();
        (await VersionAsync(key)).ShouldBeNull();
    }

    [Fact]
    public async Task Versions_count_to_the_end_of_64_bits()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        (await FillAsync(key, lease, long.MaxValue - 1)).ShouldBe(CacheFill.Filled);
        (await FillAsync(key, lease, long.MaxValue - 2)).ShouldBe(CacheFill.Refused);
        await Cache.InvalidateAsync(key, long.MaxValue, default);
        (await FillAsync(key, lease, long.MaxValue - 1)).ShouldBe(CacheFill.Refused);
    }

    [Fact]
    public async Task A_fill_whose_key_was_forgotten_meanwhile_is_refused()
    {
        var key = NewKey();
        var late = (await GetAsync(key)).Lease;
        await ForgetAsync(key);
        (await FillAsync(key, late, 5)).ShouldBe(CacheFill.Refused);
        var lease = (await GetAsync(key)).Lease;
        lease.ShouldNotBe(late);
        (await FillAsync(key, late, 5)).ShouldBe(CacheFill.Refused);
        (await FillAsync(key, lease, 6)).ShouldBe(CacheFill.Filled);
    }

    [Fact]
    public async Task A_value_of_another_size_is_refused_and_changes_nothing()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        (await Cache.FillAsync(key, lease, 1, new byte[QueryLimits.CacheValueBytes], default)).ShouldBe(
            CacheFill.Filled);
        (await Cache.FillAsync(key, lease, 2, new byte[QueryLimits.CacheValueBytes + 1], default))
            .ShouldBe(CacheFill.Refused);
        (await Cache.FillAsync(key, lease, 2, default, default)).ShouldBe(CacheFill.Refused);
        (await GetAsync(key)).Value.ShouldNotBeNull().Length.ShouldBe(QueryLimits.CacheValueBytes);
    }

    // The law that all of it is for. Readers take a lease, read the document as it is then and fill late; changes are
    // announced late; keys are forgotten at any time.
    [Fact]
    public async Task What_the_cache_answers_never_goes_back() =>
        await Gen.Int[0, 6].Array[1, 60].SampleAsync(async steps =>
    {
        var (key, document, least) = (NewKey(), 1L, 0L);
        var readers = new List<(Guid Lease, long Version)>();
        foreach (var step in steps)
        {
            switch (step)
            {
                case 0:
                    document++;
                    break;
                case 1:
                    readers.Add(((await GetAsync(key)).Lease, document));
                    break;
                case 2 or 3 when readers.Count > 0:
                    var reader = readers[step == 2 ? 0 : readers.Count - 1];
                    readers.Remove(reader);
                    await FillAsync(key, reader.Lease, reader.Version);
                    break;
                case 4:
                    (await Cache.InvalidateAsync(key, document, default)).ShouldBeTrue();
                    least = document;
                    break;
                case 5:
                    await ForgetAsync(key);
                    break;
                default:
                    if (await VersionAsync(key) is { } version) (least = Math.Max(least, version)).ShouldBe(version);
                    break;
            }
        }
    }, iter: 200, threads: 1);

    private protected async Task<CacheAnswer> GetAsync(string key)
    {
        var answer = await Cache.GetAsync(key, default);
        answer.IsAnswered.ShouldBeTrue();
        return answer;
    }

    private protected async Task<CacheFill> FillAsync(string key, Guid lease, long version)
    {
        var value = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(value, version);
        return await FillAsync(key, lease, version, value);
    }

    private protected async Task<long?> VersionAsync(string key) => (await GetAsync(key)).Value is { } value
        ? BinaryPrimitives.ReadInt64LittleEndian(value.Span)
        : null;

    private async Task<CacheFill> FillAsync(string key, Guid lease, long version, byte[] value) =>
        await Cache.FillAsync(key, lease, version, value, default);
}
