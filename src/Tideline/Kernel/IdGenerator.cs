using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tideline.Kernel;

/// <summary>
/// Generates UUIDs of version 7 (RFC 9562): 48 bits of milliseconds, then random bits. With a seed, the random bits are
/// reproducible. Thread-safe.
/// </summary>
public sealed class IdGenerator(TimeProvider time, ulong? seed = null)
{
    private ulong _state = seed ?? 0;

    /// <summary>A new id.</summary>
    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        if (seed is null)
        {
            RandomNumberGenerator.Fill(bytes);
        }
        else
        {
            var draw = Interlocked.Increment(ref _state);
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Mix(unchecked(draw * 2)));
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Mix(unchecked(draw * 2 + 1)));
        }

        var ms = time.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, unchecked((ushort)(ms >> 32)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], unchecked((uint)ms));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    // SplitMix64, Steele et al. 2014.
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value *= 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
