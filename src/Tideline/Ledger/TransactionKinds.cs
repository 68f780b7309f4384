using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// The kinds of transactions that this program knows: the core's own, and those that services register.
/// </summary>
public static class TransactionKinds
{
    /// <summary>The lowest number that a service may use.</summary>
    public const int FirstOfServices = 100;

    private static readonly NumberedNames<TransactionKindName> Names = new("Transaction kind", FirstOfServices,
    [
        new(TransactionKind.Transfer, "transfer", "Between two customer accounts, or one of them and clearing."),
        new(TransactionKind.Refund, "refund", "Undoes the debit of a transfer."),
        new(TransactionKind.Deposit, "deposit", "From cash to an account."),
        new(TransactionKind.Withdrawal, "withdrawal", "From an account to cash."),
        new(TransactionKind.Capture, "capture", "From an account to settlement: a hold was captured."),
        new(TransactionKind.Suspense, "suspense",
            "From clearing to suspense: the account of the owner could not take it back."),
        new(TransactionKind.Payout, "payout", "From suspense to a customer account, by an operator."),
        new(TransactionKind.Journal, "journal", "Legs on any accounts, as the client named them."),
    ]);

    /// <summary>All, in the order of their numbers.</summary>
    public static IReadOnlyList<TransactionKindName> All => Names.All;

    /// <summary>Refuses a kind of a service that cannot be registered.</summary>
    /// <exception cref="TidelineException">InvalidInput: the number or the name belongs to another one.</exception>
    internal static void Require(TransactionKindName kind) => Names.Require(kind);

    /// <summary>Registers a kind of a service. Registering the same one again has no effect.</summary>
    /// <exception cref="TidelineException">As <see cref="Require"/>.</exception>
    internal static void Register(TransactionKindName kind) => Names.Register(kind);

    /// <summary>What is published about a kind; null if this program does not know it.</summary>
    public static TransactionKindName? Find(TransactionKind kind) => Names.Find((int)kind);

    /// <summary>What is published about a kind.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know it.</exception>
    public static TransactionKindName Of(TransactionKind kind) => Names.Of((int)kind);
}
