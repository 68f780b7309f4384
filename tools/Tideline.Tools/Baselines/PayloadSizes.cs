using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tools.Baselines;

/// <summary>How many bytes Tideline's own rows carry, so that the baselines write rows of the same size.</summary>
internal sealed record PayloadSizes(int EventBytes)
{
    private const int Sample = 1_000;

    /// <summary>As measured on a transfer without a reference.</summary>
    public static PayloadSizes Typical { get; } = new(390);

    /// <summary>
    /// Averages over the transfers in a shard that Tideline wrote; <see cref="Typical"/> where there are none.
    /// </summary>
    public static async Task<PayloadSizes> MeasureAsync(IShardReader shard, CancellationToken cancel)
    {
        var head = await shard.GetHeadAsync(cancel);
        var events = (await shard.GetEventsAsync(Math.Max(0, head.EventSeq - Sample), Sample, cancel))
            .Where(one => one.Type is EventType.AccountDebited or EventType.AccountCredited);
        return new PayloadSizes(
            (int)events.Select(one => one.Data.Length).DefaultIfEmpty(Typical.EventBytes).Average());
    }
}
