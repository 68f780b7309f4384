namespace Tideline.Kernel;

/// <summary>
/// What an event says. The numbers are written to disk: append only. The names are in <see cref="EventTypes"/>.
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

/// <summary>The published names of events.</summary>
public static class EventTypes
{
    /// <summary>The name on the wire, as in <c>ACCOUNT_DEBITED</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number belongs to no event of this version.</exception>
    public static string Name(this EventType type) => type switch
    {
        EventType.CustomerCreated => "CUSTOMER_CREATED",
        EventType.AccountCreated => "ACCOUNT_CREATED",
        EventType.BalanceUpdated => "BALANCE_UPDATED",
        EventType.TransactionRecorded => "TRANSACTION_RECORDED",
        EventType.AccountDebited => "ACCOUNT_DEBITED",
        EventType.AccountCredited => "ACCOUNT_CREDITED",
        EventType.CustomerViewUpdated => "CUSTOMER_VIEW_UPDATED",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an event of this version."),
    };
}
