namespace Tideline.Kernel;

/// <summary>
/// What an event says. The numbers are written to disk: append only. The ledger's own are named here; a service gives
/// its events numbers from <see cref="EventTypes.FirstOfServices"/> on. The names are in <see cref="EventTypes"/>.
/// </summary>
public enum EventType
{
    /// <summary>A customer exists from now on, with this profile.</summary>
    CustomerCreated = 1,

    /// <summary>An account exists from now on: owner, currency, overdraft limit, IBAN.</summary>
    AccountCreated = 2,

    /// <summary>
    /// What the owner may spend changed though no money moved: hold placed, released or expired, status changed.
    /// </summary>
    BalanceUpdated = 3,

    /// <summary>
    /// Money moved between a customer's account and a system account: deposit, withdrawal, captured hold.
    /// </summary>
    TransactionRecorded = 4,

    /// <summary>A saga took money from an account (a transfer's debit, or its undoing at the other end).</summary>
    AccountDebited = 5,

    /// <summary>A saga gave money to an account (a transfer's credit, or the refund of its debit).</summary>
    AccountCredited = 6,

    /// <summary>The customer views hold everything of a shard through a position.</summary>
    CustomerViewUpdated = 7,
}
