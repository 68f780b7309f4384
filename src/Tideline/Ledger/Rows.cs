using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What an account is for. Written to disk: append only.</summary>
public enum AccountKind
{
    /// <summary>A customer's account; never below its limit.</summary>
    Customer = 0,

    /// <summary>Money that enters or leaves the bank: the other side of deposits and withdrawals.</summary>
    Cash = 1,

    /// <summary>Money between the debit and the credit of a transfer across shards.</summary>
    Clearing = 2,

    /// <summary>Receives captured holds.</summary>
    Settlement = 3,

    /// <summary>Money that could not be returned to its owner. An operator must pay it out.</summary>
    Suspense = 4,
}

/// <summary>Written to disk: append only.</summary>
public enum AccountStatus
{
    /// <summary>Debits and credits are allowed.</summary>
    Open = 0,

    /// <summary>
    /// Nothing may leave or arrive, except that refunds are accepted and earlier holds can still be captured: their
    /// merchants were promised the money.
    /// </summary>
    Frozen = 1,

    /// <summary>Closed at balance zero, permanently.</summary>
    Closed = 2,
}

/// <summary>Written to disk: append only.</summary>
public enum TransactionKind
{
    /// <summary>Between two customer accounts (or one of them and clearing).</summary>
    Transfer = 1,

    /// <summary>The reversal of a transfer's debit.</summary>
    Refund = 2,

    /// <summary>Cash to account.</summary>
    Deposit = 3,

    /// <summary>Account to cash.</summary>
    Withdrawal = 4,

    /// <summary>Account to settlement, from a hold.</summary>
    Capture = 5,

    /// <summary>Clearing to suspense: money that could not be returned to its owner's account.</summary>
    Suspense = 6,

    /// <summary>Suspense to a customer account, by an operator.</summary>
    Payout = 7,

    /// <summary>Legs on any accounts, as the client specified them.</summary>
    Journal = 8,
}

/// <summary>Written to disk: append only.</summary>
public enum HoldStatus
{
    /// <summary>Holds money back.</summary>
    Open = 0,

    /// <summary>Captured, in whole or in part; nothing is held any more.</summary>
    Captured = 1,

    /// <summary>Released by a command.</summary>
    Released = 2,

    /// <summary>Released by expiry.</summary>
    Expired = 3,
}

/// <summary>An account as stored on the strong tier. All amounts are in minor units.</summary>
public sealed class AccountRow
{
    public required Guid Id { get; init; }

    /// <summary>Empty for a system account.</summary>
    public required Guid CustomerId { get; init; }

    public required AccountKind Kind { get; init; }

    public required Currency Currency { get; init; }

    public AccountStatus Status { get; set; }

    /// <summary>How far below zero the available balance may go; not negative.</summary>
    public long OverdraftLimitMinor { get; set; }

    /// <summary>Sum of the entries.</summary>
    public long PostedMinor { get; set; }

    /// <summary>
    /// Announced credits: on settlement accounts, the sum of open holds; on customers' accounts, what unfinished
    /// transactions have reserved.
    /// </summary>
    public long PendingInMinor { get; set; }

    /// <summary>Open holds on the account, and what unfinished transactions have reserved.</summary>
    public long PendingOutMinor { get; set; }

    /// <summary>
    /// What unfinished sagas took from the account and may still return. While it is not zero, the account cannot be
    /// closed.
    /// </summary>
    public long ReturnableMinor { get; set; }

    /// <summary>Number of entries; the version of the newest.</summary>
    public long EntryVersion { get; set; }

    /// <summary>Number of events of this account; its component of a vector clock.</summary>
    public long Version { get; set; }

    public string? Iban { get; init; }

    public long CreatedUs { get; init; }

    /// <summary>What may be spent: posted − held + overdraft limit.</summary>
    public long AvailableMinor => checked(PostedMinor - PendingOutMinor + OverdraftLimitMinor);

    /// <summary>Whether the batch already writes it.</summary>
    internal bool InWrites { get; set; }

    /// <summary>The same row, for another batch to change.</summary>
    public AccountRow Copy()
    {
        var copy = (AccountRow)MemberwiseClone();
        copy.InWrites = false;
        return copy;
    }
}

/// <summary>A customer's profile on the strong tier.</summary>
public sealed record CustomerRow(PersonalPart Profile, long Version, long CreatedUs)
{
    /// <summary>The customer: the subject of the profile.</summary>
    public Guid Id => Profile.Subject;
}

/// <summary>
/// A double-entry transaction. <paramref name="Legs"/> lists its entries; their amounts sum to zero per currency.
/// <paramref name="Amount"/> is the sum of the credits; null if there are several currencies.
/// <paramref name="CounterpartyId"/> is the other customer's account if it has no leg here because it is on another
/// shard.
/// </summary>
public sealed record TransactionRow(
    Guid Id, TransactionKind Kind, Money? Amount, string? Reference, Guid? SagaId, long TimeUs,
    IReadOnlyList<EntryKey> Legs, TransactionDetails? Details = null, Guid? CounterpartyId = null)
{
    /// <summary>
    /// The other customer's account, from the point of view of one of the two; null if there is none.
    /// </summary>
    public Guid? CounterpartyOf(Guid accountId)
    {
        if (CounterpartyId is not null) return CounterpartyId;
        if (Kind is not (TransactionKind.Transfer or TransactionKind.Refund) || Legs is not [var one, var other])
            return null;
        var counterparty = one.AccountId == accountId ? other.AccountId : one.AccountId;
        return DerivedId.IsDerived(counterparty) ? null : counterparty;
    }
}

/// <summary>Names an entry.</summary>
public readonly record struct EntryKey(Guid AccountId, long Version);

/// <summary>One side of a transaction on one account, with the posted balance after it.</summary>
public readonly record struct EntryRow(
    Guid AccountId, long Version, Guid TransactionId, long AmountMinor, long PostedAfterMinor, long TimeUs);

/// <summary>
/// Money held back. <see cref="CapturedMinor"/> is how much of <see cref="AmountMinor"/> has been captured so far.
/// </summary>
public sealed record HoldRow(Guid Id, Guid AccountId,
    long AmountMinor, long CapturedMinor, HoldStatus Status, long ExpiresUs, string? Reference, long CreatedUs)
{
    /// <summary>What it still holds back.</summary>
    public long RemainingMinor => Status == HoldStatus.Open ? AmountMinor - CapturedMinor : 0;
}

/// <summary>
/// The outcome of a command, stored permanently under its key. <paramref name="Kind"/> <c>Reserved</c> marks a key
/// whose effect is on another shard, with the id that the effect will have.
/// </summary>
public sealed record OutcomeRow(Guid Key, Guid Fingerprint,
    OutcomeKind Kind, Guid Subject, long BalanceMinor, long Seq, RefusalReason Reason, string? Detail, long TimeUs);

/// <summary>Written to disk: append only.</summary>
public enum OutcomeKind
{
    /// <summary>The key is reserved; the effect is on the subject's shard.</summary>
    Reserved = 0,

    /// <summary>Done: subject, balance and seq are the reply.</summary>
    Done = 1,

    /// <summary>Refused: reason and detail are the reply.</summary>
    Refused = 2,

    /// <summary>A saga was started: the subject's saga row is the reply.</summary>
    Saga = 3,
}

/// <summary>
/// A name that belongs to one subject in the whole installation, stored on the name's own shard. The shard of the
/// subject stores the outcome of the command that creates it under <paramref name="ClaimId"/>; without an outcome, it
/// may still be created.
/// </summary>
/// <param name="Space">What the name identifies, as in <c>iban</c>.</param>
/// <param name="Name">The name within the space.</param>
/// <param name="ClaimId">The claim.</param>
/// <param name="Kind">What the subject is, as in <c>account</c>.</param>
/// <param name="Subject">The subject that has the name.</param>
public sealed record ClaimRow(string Space, string Name, Guid ClaimId, string Kind, Guid Subject)
{
    /// <summary>The key of the row.</summary>
    public ClaimKey Key => new(Space, Name);
}

/// <summary>
/// A sealed range of events:
/// <c>Hash = SHA-256(PreviousHash ‖ number ‖ from ‖ through ‖ SHA-256 of the events)</c>.
/// </summary>
public sealed record AuditBlockRow(
    long Number, long FromSeq, long ThroughSeq, byte[] PreviousHash, byte[] Hash, long TimeUs);

/// <summary>
/// A command or reply in transit to another shard. <paramref name="Seq"/> has no gaps on the sending shard.
/// </summary>
public sealed record MessageRow(long Seq, int TargetShard, Guid SagaId, string Type, byte[] Data, long TimeUs);
