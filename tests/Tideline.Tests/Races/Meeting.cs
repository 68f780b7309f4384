using System.Diagnostics;

namespace Tideline.Tests.Races;

/// <summary>
/// Where two threads meet before each of several races, so that both run it at the same moment. Who is alone does not
/// wait for long, and stops waiting: the other thread may have nothing to do here.
/// </summary>
internal sealed class Meeting(int races)
{
    private const int Misses = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(0.5);
    private readonly int[] _arrived = new int[races];
    private int _missed;

    public void Arrive(int race)
    {
        if (Interlocked.Increment(ref _arrived[race]) > 1 || Volatile.Read(ref _missed) >= Misses) return;
        var (spinner, began) = (default(SpinWait), Stopwatch.GetTimestamp());
        while (Volatile.Read(ref _arrived[race]) < 2)
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                Interlocked.Increment(ref _missed);
                return;
            }

            spinner.SpinOnce(sleep1Threshold: -1);
        }
    }
}
