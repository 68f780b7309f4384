namespace Tideline.Tools.Load;

/// <summary>SplitMix64 (Steele et al. 2014): draws that a seed repeats. Not for two threads at once.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            var value = _state += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    /// <summary>0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>Whether an event of this many percent happens.</summary>
    public bool Percent(int percent) => Below(100) < percent;

    /// <summary>A random id; its bits are drawn, so a seed repeats it.</summary>
    public Guid NextGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Next());
        BitConverter.TryWriteBytes(bytes[8..], Next());
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A generator for one worker, independent of the others.</summary>
    public SeededRandom Fork() => new(Next());
}
