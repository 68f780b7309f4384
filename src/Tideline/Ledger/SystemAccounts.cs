using System.Buffers.Binary;
using System.Collections.Concurrent;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// The ids of system accounts: one per kind, currency and shard, so that no movement needs a second shard for its other
/// side and no account is a bottleneck. Any process can compute an id, which lives on its shard by the shard map.
/// </summary>
public sealed class SystemAccounts(ShardMap map)
{
    private readonly ConcurrentDictionary<(AccountKind, Currency, int Shard, int Owner), Guid> _ids = new();

    /// <summary>The id of a system account (UUID version 8, RFC 9562).</summary>
    public Guid Id(AccountKind kind, Currency currency, int shard) => Find(kind, currency, shard, shard);

    /// <summary>
    /// The clearing account on a shard for the sagas of an owner shard. There is one per owner: together they hold what
    /// the owner's unfinished sagas have in transit, which can be verified owner by owner.
    /// </summary>
    public Guid ClearingId(Currency currency, int shard, int owner) =>
        Find(AccountKind.Clearing, currency, shard, owner);

    private Guid Find(AccountKind kind, Currency currency, int shard, int owner) =>
        _ids.GetOrAdd((kind, currency, shard, owner), static (key, map) => Make(key, map), map);

    private static Guid Make((AccountKind Kind, Currency Currency, int Shard, int Owner) key, ShardMap map)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes[0] = (byte)key.Kind;
        for (var letter = 0; letter < 3; letter++) bytes[letter + 1] = (byte)key.Currency.Code[letter];
        bytes[4] = (byte)(key.Owner == key.Shard ? 0 : key.Owner + 1);
        bytes[5] = (byte)key.Shard;
        bytes[6] = 0x80;
        bytes[8] = 0x80;
        for (var salt = 0u; ; salt++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], salt);
            var id = new Guid(bytes, bigEndian: true);
            if (map.ShardOf(id) == key.Shard) return id;
        }
    }
}
