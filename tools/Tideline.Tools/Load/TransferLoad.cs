using Tideline.Kernel;
using Tideline.Services.Payments;
using Tideline.Tools.Figures;

namespace Tideline.Tools.Load;

/// <summary>Transfers through the payments service in this process, each with a key of its own.</summary>
internal static class TransferLoad
{
    /// <summary>
    /// Runs <paramref name="clients"/> at once; each sends its next transfer when the last one was answered, or with
    /// <paramref name="perSecond"/> when they keep to that rate together.
    /// </summary>
    /// <exception cref="TidelineException">A transfer did not settle.</exception>
    public static async Task<LoopResult> RunAsync(
        Transfers payments, int clients, LoadTime time,
        Func<SeededRandom, (Guid From, Guid To)> pair, ulong seed, CancellationToken cancel, double? perSecond = null)
    {
        var random = new SeededRandom(seed);
        var randoms = Enumerable.Range(0, clients).Select(_ => random.Fork()).ToArray();
        return await ClosedLoop.RunAsync(
            clients, time, client => SendAsync(payments, randoms[client], pair, cancel), cancel, perSecond);
    }

    /// <summary>One transfer of a small amount.</summary>
    public static async Task<TransferReply> SendAsync(Transfers payments,
        SeededRandom random, Func<SeededRandom, (Guid From, Guid To)> pair, CancellationToken cancel)
    {
        var (from, to) = pair(random);
        var reply = await payments.TransferAsync(
            new TransferRequest(
                from, to, new Money(1 + random.Below(100), AccountSet.Currency), null,
                random.NextGuid(), random.NextGuid()),
            cancel);
        if (reply.Status != TransferStatus.Settled) throw new TidelineException(
            ErrorCode.Internal, $"A transfer of the load did not settle: {reply.Status} {reply.Refusal?.Detail}");
        return reply;
    }

    /// <summary>The latency figures of a run.</summary>
    public static IEnumerable<Figure> LatencyFigures(string name, LoopResult result, Target? p99 = null)
    {
        yield return new Figure($"{name}, p50", result.Latencies.Ms(0.5), "ms");
        yield return new Figure($"{name}, p99", result.Latencies.Ms(0.99), "ms", Target: p99);
    }
}
