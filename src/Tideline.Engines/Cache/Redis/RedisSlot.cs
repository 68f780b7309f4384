using System.Buffers.Text;
using System.Globalization;
using StackExchange.Redis;
using Tideline.Queries;

namespace Tideline.Engines.Cache.Redis;

/// <summary>
/// The value under a key: 32 hexadecimal digits of the lease, 19 digits of the version, then the cached value or
/// nothing. The digits have a fixed width, so that scripts can compare versions as strings: a Lua number is a double
/// and cannot hold 64 bits.
/// </summary>
internal static class RedisSlot
{
    private const int LeaseDigits = 32;
    private const int Head = LeaseDigits + 19;

    /// <summary>
    /// KEYS: the key. ARGV: lease, version, value, lifetime in milliseconds. Returns 1 if the key was filled.
    /// </summary>
    public const string Fill = """
        local head = redis.call('GETRANGE', KEYS[1], 0, 50)
        if string.sub(head, 1, 32) ~= ARGV[1] or string.sub(head, 33) > ARGV[2] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2] .. ARGV[3], 'PX', ARGV[4])
        return 1
        """;

    /// <summary>
    /// KEYS: the key. ARGV: version. A missing key needs no invalidation: its leases are no longer valid.
    /// </summary>
    public const string Invalidate = """
        local head = redis.call('GETRANGE', KEYS[1], 0, 50)
        if head ~= '' and string.sub(head, 33) < ARGV[1] then redis.call('SET', KEYS[1], string.sub(head, 1, 32) .. ARGV[1], 'KEEPTTL') end
        return 1
        """;

    /// <summary>The value to store when a key is missing.</summary>
    public static RedisValue Empty(Guid lease) => Lease(lease) + Version(0);

    public static string Lease(Guid lease) => lease.ToString("N", CultureInfo.InvariantCulture);

    public static string Version(long version) => version.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>Parses a value; the answer has no lease if another program wrote it.</summary>
    public static CacheAnswer Read(ReadOnlyMemory<byte> slot)
    {
        if (slot.Length < Head || !Utf8Parser.TryParse(slot.Span[..LeaseDigits], out Guid lease, out _, 'N'))
            return default;
        return new CacheAnswer(slot.Length > Head ? slot[Head..] : default(ReadOnlyMemory<byte>?), lease);
    }
}
