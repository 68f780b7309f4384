using Tideline.Gateway.Metrics;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>Counts transfers by their answer.</summary>
internal sealed class TransferCounts
{
    private readonly long[] _answered = new long[Enum.GetValues<TransferStatus>().Length];
    private long _failed;

    /// <summary>Counts a transfer's answer.</summary>
    public void Record(TransferStatus outcome) => Interlocked.Increment(ref _answered[(int)outcome]);

    /// <summary>Counts a transfer whose outcome was unknown to the answer, so that the client must repeat it.</summary>
    public void RecordFailed() => Interlocked.Increment(ref _failed);

    /// <summary>Writes the counts.</summary>
    public void WriteTo(PrometheusText text)
    {
        const string name = "tideline_transfers_total";
        text.Family(name, "counter", "Transfers answered, by outcome.");
        foreach (var outcome in Enum.GetValues<TransferStatus>())
            text.Sample(name, Volatile.Read(ref _answered[(int)outcome]), "outcome", TransferFields.NameOf(outcome));
        text.Sample(name, Volatile.Read(ref _failed), "outcome", "failed");
    }
}
