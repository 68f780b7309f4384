using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Rows from columns, in the order of <see cref="LedgerColumns"/>.</summary>
internal static class LedgerRows
{
    /// <summary>Bytes of a packed leg: account id and entry version, big-endian.</summary>
    public const int LegBytes = 24;

    // By the three letters as a number, so that a row's currency costs no string.
    private static readonly ConcurrentDictionary<int, Currency> Currencies = new();

    public static AccountRow Account(SqliteStatement row) => new()
    {
        Id = row.Id(0),
        CustomerId = row.IdOrNull(1) ?? Guid.Empty,
        Kind = (AccountKind)row.Int(2),
        Currency = CurrencyOf(row.Span(3)),
        Status = (AccountStatus)row.Int(4),
        OverdraftLimitMinor = row.Long(5),
        PostedMinor = row.Long(6),
        PendingInMinor = row.Long(7),
        PendingOutMinor = row.Long(8),
        EntryVersion = row.Long(9),
        Version = row.Long(10),
        Iban = row.TextOrNull(11),
        CreatedUs = row.Long(12),
        ReturnableMinor = row.Long(13),
    };

    public static CustomerRow Customer(SqliteStatement row) =>
        new(new PersonalPart(row.Id(0), row.Bytes(1)), row.Long(2), row.Long(3));

    public static EntryRow Entry(SqliteStatement row) =>
        new(row.Id(0), row.Long(1), row.Id(2), row.Long(3), row.Long(4), row.Long(5));

    public static TransactionRow Transaction(SqliteStatement row) =>
        new(row.Id(0), (TransactionKind)row.Int(1),
            row.LongOrNull(3) is { } minor ? new Money(minor, CurrencyOf(row.Span(2))) : null,
            row.TextOrNull(4), row.IdOrNull(5), row.Long(6), UnpackLegs(row.Span(7)),
            TransactionDetails.Of(
                row.IsNull(8) ? null : DayOf(row.Text(8)), row.TextOrNull(9), row.TextOrNull(10), row.TextOrNull(11),
                row.TextOrNull(12)),
            row.IdOrNull(13));

    public static HoldRow Hold(SqliteStatement row) =>
        new(row.Id(0),
            row.Id(1), row.Long(2), row.Long(3), (HoldStatus)row.Int(4), row.Long(5), row.TextOrNull(6), row.Long(7));

    public static OutcomeRow Outcome(SqliteStatement row) =>
        new(row.Id(0), row.Id(1), (OutcomeKind)row.Int(2),
            row.Id(3), row.Long(4), row.Long(5), (RefusalReason)row.Int(6), row.TextOrNull(7), row.Long(8));

    public static ClaimRow Claim(SqliteStatement row) =>
        new(row.Text(0), row.Text(1), row.Id(2), row.Text(3), row.Id(4));

    public static AggregateRow Aggregate(SqliteStatement row) =>
        new(row.Id(0), row.Text(1), row.Long(2), row.Text(3), row.Int(4) != 0, row.LongOrNull(5), row.Bytes(6));

    public static LedgerEvent Event(SqliteStatement row, int shard) =>
        new(new Position(shard, row.Long(0)), (EventType)row.Int(1), row.Id(2), row.Long(3), row.Long(4), row.Bytes(5));

    public static MessageRow Message(SqliteStatement row) =>
        new(row.Long(0), row.Int(1), row.Id(2), row.Text(3), row.Bytes(4), row.Long(5));

    public static AuditBlockRow Block(SqliteStatement row) =>
        new(row.Long(0), row.Long(1), row.Long(2), row.Bytes(3), row.Bytes(4), row.Long(5));

    /// <summary>Packs legs into <paramref name="target"/>, which holds <see cref="LegBytes"/> for each.</summary>
    public static void PackLegs(IReadOnlyList<EntryKey> legs, Span<byte> target)
    {
        for (var index = 0; index < legs.Count; index++)
        {
            var leg = target.Slice(index * LegBytes, LegBytes);
            legs[index].AccountId.TryWriteBytes(leg, bigEndian: true, out _);
            BinaryPrimitives.WriteInt64BigEndian(leg[16..], legs[index].Version);
        }
    }

    private static DateOnly DayOf(string text) =>
        DateOnly.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw new TidelineException(ErrorCode.Corrupt, "A transaction has no valid value date.");

    private static EntryKey[] UnpackLegs(ReadOnlySpan<byte> packed)
    {
        if (packed.Length % LegBytes != 0)
            throw new TidelineException(ErrorCode.Corrupt, "The legs of a transaction are cut short.");
        var legs = new EntryKey[packed.Length / LegBytes];
        for (var index = 0; index < legs.Length; index++)
        {
            var leg = packed.Slice(index * LegBytes, LegBytes);
            legs[index] = new EntryKey(
                new Guid(leg[..16], bigEndian: true), BinaryPrimitives.ReadInt64BigEndian(leg[16..]));
        }

        return legs;
    }

    public static Currency CurrencyOf(ReadOnlySpan<byte> code)
    {
        if (code.Length != 3) throw new TidelineException(ErrorCode.Corrupt, "A row has no valid currency.");
        var packed = (code[0] << 16) | (code[1] << 8) | code[2];
        if (Currencies.TryGetValue(packed, out var known)) return known;
        if (!Currency.TryParse(System.Text.Encoding.ASCII.GetString(code), out var currency))
            throw new TidelineException(ErrorCode.Corrupt, "A row has an unknown currency.");
        return Currencies[packed] = currency;
    }
}
