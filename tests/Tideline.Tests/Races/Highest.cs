namespace Tideline.Tests.Races;

/// <summary>The highest number that any thread has reported.</summary>
internal sealed class Highest
{
    private long _value = long.MinValue;

    public long Value => Volatile.Read(ref _value);

    public void Raise(long to)
    {
        for (var at = Value; at < to;)
        {
            var found = Interlocked.CompareExchange(ref _value, to, at);
            if (found == at) return;
            at = found;
        }
    }
}
