namespace Tideline.Kernel;

/// <summary>
/// The type of an event. The numbers are written to disk: append only. The ledger's own types are named here; a service
/// numbers its events from <see cref="EventTypes.FirstOfServices"/> up. The names are in <see cref="EventTypes"/>.
/// </summary>
public enum EventType
{
    /// <summary>A customer was created, with this profile.</summary>
    CustomerCreated = 1,

    /// <summary>An account was created: owner, currency, overdraft limit, IBAN.</summary>
    AccountCreated = 2,

    /// <summary>
    /// The available balance changed although no money moved: a hold was placed, released or expired, or the status
    /// changed.
    /// </summary>
    BalanceUpdated = 3,

    /// <summary>
    /// Money moved between a customer's account and a system account: deposit, withdrawal, captured hold.
    /// </summary>
    TransactionRecorded = 4,

    /// <summary>A saga took money from an account: a transfer's debit, or the reversal of its credit.</summary>
    AccountDebited = 5,

    /// <summary>A saga gave money to an account (a transfer's credit, or the refund of its debit).</summary>
    AccountCredited = 6,

    /// <summary>The customer views contain all events of a shard up to a position.</summary>
    CustomerViewUpdated = 7,
}
