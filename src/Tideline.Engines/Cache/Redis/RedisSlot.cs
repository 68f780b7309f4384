using System.Buffers.Text;
using System.Globalization;
using StackExchange.Redis;
using Tideline.Queries;

namespace Tideline.Engines.Cache.Redis;

/// <summary>
/// What stands under a key: 32 hexadecimal digits of the lease, 19 digits of the version, then the value or nothing.
/// The digits are of fixed width, so that scripts compare versions as texts: a number of Lua is a double and holds no
/// 64 bits.
/// </summary>
internal static class RedisSlot
{
    private const int LeaseDigits = 32;
    private const int Head = LeaseDigits + 19;

    /// <summary>KEYS: the key. ARGV: lease, version, value, life in milliseconds. 1 when it was filled.</summary>
    public const string Fill = """
        local head = redis.call('GETRANGE', KEYS[1], 0, 50)
        if string.sub(head, 1, 32) ~= ARGV[1] or string.sub(head, 33) > ARGV[2] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2] .. ARGV[3], 'PX', ARGV[4])
        return 1
        """;

    /// <summary>
    /// KEYS: the key. ARGV: version. A key that is not there needs no word: its leases are worth nothing.
    /// </summary>
    public const string Invalidate = """
        local head = redis.call('GETRANGE', KEYS[1], 0, 50)
        if head ~= '' and string.sub(head, 33) < ARGV[1] then redis.call('SET', KEYS[1], string.sub(head, 1, 32) .. ARGV[1], 'KEEPTTL') end
        return 1
        """;

    /// <summary>What is set where nothing was found.</summary>
    public static RedisValue Empty(Guid lease) => Lease(lease) + Version(0);

    public static string Lease(Guid lease) => lease.ToString("N", CultureInfo.InvariantCulture);

    public static string Version(long version) => version.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>An answer without a lease when it is not one of ours.</summary>
    public static CacheAnswer Read(ReadOnlyMemory<byte> slot)
    {
        if (slot.Length < Head || !Utf8Parser.TryParse(slot.Span[..LeaseDigits], out Guid lease, out _, 'N'))
            return default;
        return new CacheAnswer(slot.Length > Head ? slot[Head..] : default(ReadOnlyMemory<byte>?), lease);
    }
}
