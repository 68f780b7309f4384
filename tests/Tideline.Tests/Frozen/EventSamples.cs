using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Frozen;

/// <summary>One full example of what the ledger writes for each event and kind, by the code that writes it.</summary>
internal static class EventSamples
{
    private static readonly Guid Ada = Guid.Parse("00000000-0000-7000-8000-00000000000a");
    private static readonly Guid AdasAccount = Guid.Parse("00000000-0000-7000-8000-0000000000a1");
    private static readonly Guid BelasAccount = Guid.Parse("00000000-0000-7000-8000-0000000000b1");
    private static readonly Guid Movement = Guid.Parse("00000000-0000-7000-8000-0000000000f1");
    private static readonly Guid Hold = Guid.Parse("00000000-0000-7000-8000-0000000000e1");

    /// <summary>The published name, the kind (or a dash) and the JSON.</summary>
    public static IReadOnlyList<(EventType Type, string Kind, byte[] Json)> All { get; } =
    [
        (EventType.CustomerCreated, "-", new EventData
        {
            CustomerId = Ada,
            Personal = [new CustomerProfile("Ada Lindqvist", "ada@example.com", "SE").ToPart(Ada)],
        }.ToJson()),
        (EventType.AccountCreated, "-", new AccountEvent(null, WithIban: true).ToJson(Account(0))),
        Updated("hold"),
        Updated("release"),
        Updated("expiry"),
        (EventType.BalanceUpdated, "status",
            new AccountEvent("status", StatusBefore: AccountStatus.Frozen).ToJson(Account(320_000))),
        Recorded("deposit", 5_000, null),
        Recorded("withdrawal", -5_000, null),
        Recorded("capture", -5_000, Hold),
        Moved(EventType.AccountDebited, "transfer", -1_234),
        Moved(EventType.AccountCredited, "transfer", 1_234),
        Moved(EventType.AccountCredited, "refund", 1_234),
    ];

    private static (EventType, string, byte[]) Updated(string kind) =>
        (EventType.BalanceUpdated,
            kind, new AccountEvent(
                kind, Reference: "Hotel", HoldId: Hold, HeldChangeMinor: kind == "hold" ? 2_500 : -2_500)
                .ToJson(Account(320_000)));

    private static (EventType, string, byte[]) Recorded(string kind, long amountMinor, Guid? hold) =>
        (EventType.TransactionRecorded, kind, new AccountEvent(kind, amountMinor,
            HasEntry: true, Movement, Reference: "Cash", HoldId: hold).ToJson(Account(320_000 + amountMinor)));

    private static (EventType, string, byte[]) Moved(EventType type, string kind, long amountMinor) =>
        (type, kind, new AccountEvent(kind, amountMinor, HasEntry: true, Movement, BelasAccount, "Rent", Movement)
            .ToJson(Account(320_000 + amountMinor)));

    private static AccountRow Account(long postedMinor) => new()
    {
        Id = AdasAccount,
        CustomerId = Ada,
        Kind = AccountKind.Customer,
        Currency = Currency.Parse("EUR"),
        PostedMinor = postedMinor,
        PendingOutMinor = postedMinor == 0 ? 0 : 2_500,
        OverdraftLimitMinor = 10_000,
        EntryVersion = 7,
        Iban = "SE4550000000058398257466",
    };
}
