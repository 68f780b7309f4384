using System.Diagnostics;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Ends this process, with the seed, when a run does not end in real time: the one thread of the pool cannot say so.
/// </summary>
internal sealed class RunWatch : IDisposable
{
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _thread;
    private volatile RunPlan? _plan;
    private long _beganAt;

    public RunWatch()
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "run-watch" };
        _thread.Start();
    }

    /// <summary>A run begins.</summary>
    public void Begin(RunPlan plan)
    {
        Volatile.Write(ref _beganAt, Stopwatch.GetTimestamp());
        _plan = plan;
    }

    /// <summary>It has ended; what follows may take as long as it likes.</summary>
    public void End() => _plan = null;

    public void Dispose()
    {
        _over.Set();
        _thread.Join();
        _over.Dispose();
    }

    private void Watch()
    {
        while (!_over.Wait(1_000))
        {
            var seconds = Stopwatch.GetElapsedTime(Volatile.Read(ref _beganAt)).TotalSeconds;
            if (_plan is not { } plan || seconds < OpponentLimits.RunSeconds) continue;
            Console.WriteLine(plan);
            Console.WriteLine($"  I6: The run did not end within {OpponentLimits.RunSeconds} s of real time.");
            Console.Out.Flush();
            Environment.Exit(1);
        }
    }
}
