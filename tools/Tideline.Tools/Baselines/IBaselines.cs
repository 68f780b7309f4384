using Tideline.Tools.Figures;

namespace Tideline.Tools.Baselines;

/// <summary>What the strong tier is measured against on one engine.</summary>
internal interface IBaselines : IAsyncDisposable
{
    /// <summary>
    /// Transfers per second of the bare engine, with <paramref name="batch"/> transfers a commit and one writer a
    /// shard.
    /// </summary>
    Task<double> RawAsync(int batch, TimeSpan duration);

    /// <summary>
    /// Transfers per second of one database transaction per transfer, with <paramref name="clients"/> at once, and how
    /// long each took.
    /// </summary>
    Task<(double PerSecond, Latencies Latencies)> NaiveAsync(int clients, TimeSpan duration);
}
