using System.Buffers.Binary;
using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>Rows from columns. Each <c>…Columns</c> list is what its reading method expects, in that order.</summary>
internal static class MySqlRows
{
    public const string NowUs = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
    public const string HeadQuery =
        "SELECT epoch, message_seq, shard_head.time_us, COALESCE((SELECT MAX(event_seq) FROM events), 0), "
        + "block_number, block_hash, through_seq, " + NowUs + " FROM shard_head LEFT JOIN audit_log ON block_number = "
        + "(SELECT MAX(block_number) FROM audit_log)";
    public const string OwnerQuery =
        "SELECT owner, address, secret, lease_until > UTC_TIMESTAMP(6), @@global.read_only, @@server_uuid "
        + "FROM shard_head";

    /// <summary>Whether a process that prefers the shard asked for it lately.</summary>
    public static readonly string IsWanted = string.Create(
        CultureInfo.InvariantCulture,
            $"wanted_at > UTC_TIMESTAMP(6) - INTERVAL {LedgerLimits.LeaseMs * 1_000} MICROSECOND");

    // By the server's clock alone: those of the processes may differ.
    public static readonly string ExtendLease = string.Create(CultureInfo.InvariantCulture,
        $"lease_until = UTC_TIMESTAMP(6) + INTERVAL {LedgerLimits.LeaseMs * 1_000} MICROSECOND");

    private const int LegBytes = 24;

    /// <summary>The time of the server's clock, as the last column of <see cref="HeadQuery"/>.</summary>
    public static long ServerUs(MySqlDataReader row) => row.GetInt64(7);

    public static ShardHead Head(MySqlDataReader row, int shard) => row.IsDBNull(4)
        ? new ShardHead(shard, row.GetInt64(0), row.GetInt64(3), row.GetInt64(1), 0, new byte[32], 0, row.GetInt64(2))
        : new ShardHead(shard, row.GetInt64(0),
            row.GetInt64(3), row.GetInt64(1), row.GetInt64(4), Bytes(row, 5), row.GetInt64(6), row.GetInt64(2));

    public static ShardOwner Owner(MySqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetGuid(2));

    public static AccountRow Account(MySqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        CustomerId = IdOrNull(row, 1) ?? Guid.Empty,
        Kind = (AccountKind)row.GetInt32(2),
        Currency = CurrencyOf(row.GetString(3)),
        Status = (AccountStatus)row.GetInt32(4),
        OverdraftLimitMinor = row.GetInt64(5),
        PostedMinor = row.GetInt64(6),
        PendingInMinor = row.GetInt64(7),
        PendingOutMinor = row.GetInt64(8),
        EntryVersion = row.GetInt64(9),
        Version = row.GetInt64(10),
        Iban = TextOrNull(row, 11),
        CreatedUs = row.GetInt64(12),
        ReturnableMinor = row.GetInt64(13),
    };

    public static CustomerRow Customer(MySqlDataReader row) =>
        new(new PersonalPart(row.GetGuid(0), Bytes(row, 1)), row.GetInt64(2), row.GetInt64(3));

    public static EntryRow Entry(MySqlDataReader row) =>
        new(row.GetGuid(0), row.GetInt64(1), row.GetGuid(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));

    public static TransactionRow Transaction(MySqlDataReader row) =>
        new(row.GetGuid(0), (TransactionKind)row.GetInt32(1),
            row.IsDBNull(3) ? null : new Money(row.GetInt64(3), CurrencyOf(row.GetString(2))),
            TextOrNull(row, 4), IdOrNull(row, 5), row.GetInt64(6), UnpackLegs(Bytes(row, 7)),
            TransactionDetails.Of(
                row.IsDBNull(8) ? null : row.GetDateOnly(8), TextOrNull(row, 9), TextOrNull(row, 10),
                TextOrNull(row, 11), TextOrNull(row, 12)),
            IdOrNull(row, 13));

    public static HoldRow Hold(MySqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetInt64(2),
            row.GetInt64(3), (HoldStatus)row.GetInt32(4), row.GetInt64(5), TextOrNull(row, 6), row.GetInt64(7));

    public static OutcomeRow Outcome(MySqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), (OutcomeKind)row.GetInt32(2), row.GetGuid(3),
        row.GetInt64(4), row.GetInt64(5), (RefusalReason)row.GetInt32(6), TextOrNull(row, 7), row.GetInt64(8));

    public static ClaimRow Claim(MySqlDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetGuid(2), row.GetString(3), row.GetGuid(4));

    public static AggregateRow Aggregate(MySqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.GetBoolean(4),
        row.IsDBNull(5) ? null : row.GetInt64(5), Bytes(row, 6));

    public static LedgerEvent Event(MySqlDataReader row, int shard) =>
        new(new Position(shard, row.GetInt64(0)),
            (EventType)row.GetInt32(1), row.GetGuid(2), row.GetInt64(3), row.GetInt64(4), Bytes(row, 5));

    public static MessageRow Message(MySqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt32(1), row.GetGuid(2), row.GetString(3), Bytes(row, 4), row.GetInt64(5));

    public static AuditBlockRow Block(MySqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), Bytes(row, 3), Bytes(row, 4), row.GetInt64(5));

    /// <summary>Account id and entry version of each leg, big-endian.</summary>
    public static byte[] PackLegs(IReadOnlyList<EntryKey> legs)
    {
        var packed = new byte[legs.Count * LegBytes];
        for (var index = 0; index < legs.Count; index++)
        {
            var leg = packed.AsSpan(index * LegBytes, LegBytes);
            legs[index].AccountId.TryWriteBytes(leg, bigEndian: true, out _);
            BinaryPrimitives.WriteInt64BigEndian(leg[16..], legs[index].Version);
        }

        return packed;
    }

    public static Currency CurrencyOf(string code) =>
        Currency.TryParse(code, out var currency) ? currency : throw new TidelineException(
            ErrorCode.Corrupt, string.Create(CultureInfo.InvariantCulture, $"A row has an unknown currency '{code}'."));

    private static EntryKey[] UnpackLegs(byte[] packed)
    {
        if (packed.Length % LegBytes != 0)
            throw new TidelineException(ErrorCode.Corrupt, "The legs of a transaction are cut short.");
        var legs = new EntryKey[packed.Length / LegBytes];
        for (var index = 0; index < legs.Length; index++)
        {
            var leg = packed.AsSpan(index * LegBytes, LegBytes);
            legs[index] = new EntryKey(
                new Guid(leg[..16], bigEndian: true), BinaryPrimitives.ReadInt64BigEndian(leg[16..]));
        }

        return legs;
    }

    private static byte[] Bytes(MySqlDataReader row, int column) => (byte[])row.GetValue(column);

    private static string? TextOrNull(MySqlDataReader row, int column) => row.IsDBNull(column)
        ? null
        : row.GetString(column);

    private static Guid? IdOrNull(MySqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);
}
