using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Tideline.Kernel;

/// <summary>
/// What a set of aggregates comes to: their number, the sum of their versions, and the sum of their figures, each a
/// value times a coefficient that a hash gives its key and field, modulo 2^61 − 1. It is additive: a change costs the
/// same whatever the size of the set, and the order does not matter. Two sets that differ by accident have the same
/// digest once in 2^61; whoever wants to forge one can. Source: multilinear hashing, Carter and Wegman 1979.
/// </summary>
public readonly record struct Digest(long Count, long Versions, ulong Sum)
{
    private const ulong Prime = (1UL << 61) - 1;

    /// <summary>Whether it is the digest of nothing, or of what cancels out.</summary>
    public bool IsZero => this == default;

    /// <summary>Both sets together.</summary>
    public static Digest operator +(Digest left, Digest right) => new(
        left.Count + right.Count, left.Versions + right.Versions, Reduce(left.Sum + right.Sum));

    /// <summary>The first set without the second.</summary>
    public static Digest operator -(Digest left, Digest right) => left + -right;

    /// <summary>What cancels the set out.</summary>
    public static Digest operator -(Digest of) => new(-of.Count, -of.Versions, of.Sum == 0 ? 0 : Prime - of.Sum);

    /// <summary>A number under a field of a key.</summary>
    public static Digest Figure(Guid key, int field, Int128 value) => new(0, 0, Times(Coefficient(key, field), value));

    /// <summary>A number under a field of a key.</summary>
    public static Digest Figure(string key, int field, Int128 value) =>
        new(0, 0, Times(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.AsSpan()), field) % Prime, value));

    /// <summary>A text under a field of a key; null contributes nothing.</summary>
    public static Digest Figure(Guid key, int field, ReadOnlySpan<char> text) =>
        text.IsEmpty ? default : Figure(key, field, MemoryMarshal.AsBytes(text));

    /// <summary>Bytes under a field of a key; no bytes contribute nothing.</summary>
    public static Digest Figure(Guid key, int field, ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? default : Figure(key, field, XxHash3.HashToUInt64(bytes));

    /// <summary>An id under a field of a key.</summary>
    public static Digest Figure(Guid key, int field, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return Figure(key, field, bytes);
    }

    // Key and field decide the coefficient alone, so that the same value weighs the same before and after a change.
    private static ulong Coefficient(Guid key, int field)
    {
        Span<byte> bytes = stackalloc byte[16];
        key.TryWriteBytes(bytes, bigEndian: true, out _);
        return XxHash3.HashToUInt64(bytes, field) % Prime;
    }

    private static ulong Times(ulong coefficient, Int128 value)
    {
        if (value == 0) return 0;
        var rest = (ulong)(UInt128)(value < 0 ? -value % Prime : value % Prime);
        var product = (UInt128)coefficient * rest;
        var reduced = Reduce((ulong)(product & Prime) + (ulong)(product >> 61));
        return value < 0 && reduced != 0 ? Prime - reduced : reduced;
    }

    // Of a sum of two that are below 2^61.
    private static ulong Reduce(ulong sum) => sum >= Prime ? sum - Prime : sum;
}
