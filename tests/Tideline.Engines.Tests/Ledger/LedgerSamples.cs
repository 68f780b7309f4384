using System.Buffers.Binary;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>Rows to write: small, whole and different in every field.</summary>
internal static class LedgerSamples
{
    public const long TimeUs = 1_700_000_000_000_000;

    public static readonly Currency Euro = Currency.Parse("EUR");

    public static Guid Id(int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        bytes[15] = 0xA5;
        return new Guid(bytes, bigEndian: true);
    }

    public static AccountRow Account(Guid id,
        Guid customerId, long postedMinor = 0, long entryVersion = 0, AccountKind kind = AccountKind.Customer) => new()
        {
            Id = id,
            CustomerId = customerId,
            Kind = kind,
            Currency = Euro,
            PostedMinor = postedMinor,
            EntryVersion = entryVersion,
            Version = 1,
            CreatedUs = TimeUs,
        };

    public static LedgerEvent Event(int shard, long seq, EventType type, Guid subject, long version, EventData data) =>
        new(new Position(shard, seq), type, subject, version, TimeUs + seq, data.ToJson());

    public static AggregateRow Aggregate(
        Guid id, string state, long? wakeUs = null, bool atRest = false, string kind = "loan:2") =>
        new(id, kind, 3, state, atRest, wakeUs, [1, 2, 3, 0xFF]);

    public static ClaimKey Key(string name) => new("iban", name);

    public static ClaimRow Claim(string name, Guid claimId, Guid subject) =>
        new("iban", name, claimId, "account", subject);

    public static HoldRow Hold(Guid id, Guid accountId, HoldStatus status, long expiresUs) =>
        new(id, accountId, 500, 100, status, expiresUs, "hotel", TimeUs);

    public static OutcomeRow Outcome(Guid key) =>
        new(key, Id(902),
            OutcomeKind.Refused, Id(903), -7, 12, RefusalReason.InsufficientFunds, "Not enough: ½ is missing.", TimeUs);

    public static BatchKeys Keys(Guid? account = null)
    {
        var keys = new BatchKeys();
        if (account is { } id) keys.Accounts.Add(id);
        return keys;
    }
}
