using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>One shard as a typical .NET service uses its database.</summary>
internal interface INaiveShard : IDisposable
{
    /// <summary>
    /// One transfer between two of the shard's accounts, durable when it returns. For any number of threads.
    /// </summary>
    void Transfer(SeededRandom random, long timeUs);
}
