using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// A group commit under construction: the rows that were read, as changed by the commands so far, and the rows to
/// write. Commands check first and change afterwards, so that a refusal leaves no trace.
/// </summary>
internal sealed class Batch(ShardContext context, ShardHead head, long timeUs, BatchRows rows)
{
    private long _eventSeq = head.EventSeq;
    private long _messageSeq = head.MessageSeq;

    public ShardContext Context { get; } = context;

    /// <summary>The commit time of everything in the batch, microseconds.</summary>
    public long TimeUs { get; } = timeUs;

    public BatchRows Rows { get; } = rows;

    public BatchWrites Writes { get; } = new() { TimeUs = timeUs };

    public long EventSeq => _eventSeq;

    public long MessageSeq => _messageSeq;

    /// <summary>The newest audit block, including those of this batch.</summary>
    public long BlockNumber { get; private set; } = head.BlockNumber;

    public byte[] BlockHash { get; private set; } = head.BlockHash;

    public AccountRow? Account(Guid id) => Rows.Accounts.GetValueOrDefault(id);

    /// <summary>A system account of this shard; created on first use.</summary>
    public AccountRow SystemAccount(AccountKind kind, Currency currency) =>
        SystemAccount(Context.SystemAccount(kind, currency), kind, currency);

    /// <summary>The clearing account of this shard for the sagas of an owner; created on first use.</summary>
    public AccountRow Clearing(Currency currency, int owner) =>
        SystemAccount(Context.Clearing(currency, owner), AccountKind.Clearing, currency);

    private AccountRow SystemAccount(Guid id, AccountKind kind, Currency currency)
    {
        if (Rows.Accounts.TryGetValue(id, out var account)) return account;
        account = new AccountRow
        {
            Id = id, CustomerId = Guid.Empty, Kind = kind, Currency = currency, CreatedUs = TimeUs
        };
        Add(account);
        return account;
    }

    public void Add(AccountRow account)
    {
        account.InWrites = true;
        Rows.Accounts.Add(account.Id, account);
        Writes.NewAccounts.Add(account);
    }

    /// <summary>Marks an account for writing, once.</summary>
    public void Changed(AccountRow account)
    {
        if (account.InWrites) return;
        account.InWrites = true;
        Writes.ChangedAccounts.Add(account);
    }

    /// <summary>Stores a hold's new state; later commands of the batch see it.</summary>
    public void Put(HoldRow hold)
    {
        if (Rows.Holds.ContainsKey(hold.Id)) Writes.Holds.RemoveAll(written => written.Id == hold.Id);
        Rows.Holds[hold.Id] = hold;
        Writes.Holds.Add(hold);
    }

    /// <summary>Stores a claim; later commands of the batch see it.</summary>
    public void Put(ClaimRow claim)
    {
        Require(claim.Key);
        Rows.Claims[claim.Key] = claim;
        Writes.Claims[claim.Key] = claim;
    }

    /// <summary>What already has an id of <see cref="BatchKeys.AddNew"/>, as text; null if the id is free.</summary>
    public string? HolderOf(Guid id) =>
        Rows.Customers.ContainsKey(id) ? "a customer"
        : Rows.Accounts.ContainsKey(id) ? "an account"
        : Rows.Holds.ContainsKey(id) ? "a hold"
        : Rows.Transactions.Contains(id) ? "a transaction"
        : Rows.Aggregates.TryGetValue(id, out var aggregate) ? $"an aggregate of kind {aggregate.Kind}"
        : null;

    /// <summary>Releases a name; later commands of the batch see it.</summary>
    public void Release(ClaimKey name)
    {
        Rows.Claims.Remove(name);
        Writes.Claims[name] = null;
    }

    /// <summary>Stores an aggregate's new state; later commands of the batch see it.</summary>
    /// <exception cref="TidelineException">Internal: it does not follow the stored version.</exception>
    public void Put(AggregateRow aggregate)
    {
        var isNew = !Rows.Aggregates.TryGetValue(aggregate.Id, out var known);
        Require(aggregate, known?.Version ?? 0);
        if (!isNew && Replace(Writes.NewAggregates, aggregate)) { }
        else if (isNew) Writes.NewAggregates.Add(aggregate);
        else if (!Replace(Writes.ChangedAggregates, aggregate)) Writes.ChangedAggregates.Add(aggregate);
        Rows.Aggregates[aggregate.Id] = aggregate;
    }

    /// <summary>
    /// Books a transaction of this shard: one entry for each leg, and one event for each leg of a customer's account.
    /// </summary>
    /// <returns>Null if it was booked, else the reason; then nothing changed.</returns>
    public Refusal? Record(in Posting posting, params ReadOnlySpan<Leg> legs)
    {
        if (PostingRules.Judge(this, posting, legs) is { } refusal) return refusal;
        var keys = new EntryKey[legs.Length];
        for (var index = 0; index < legs.Length; index++) keys[index] = Enter(posting, legs[index]);
        Writes.Transactions.Add(new TransactionRow(
            posting.Id, posting.Kind, PostingRules.AmountOf(legs), posting.Reference, posting.SagaId, TimeUs, keys,
            posting.Details, PostingRules.CounterpartyOf(legs)));
        Rows.Transactions.Add(posting.Id);
        return null;
    }

    private EntryKey Enter(in Posting posting, in Leg leg)
    {
        var account = leg.Kind == AccountKind.Customer
            ? Rows.Accounts[leg.AccountId]
            : SystemAccount(leg.AccountId, leg.Kind, leg.Currency);
        account.PostedMinor += leg.AmountMinor;
        account.EntryVersion++;
        if (leg.AmountMinor < 0) account.PendingOutMinor -= leg.PromisedMinor ?? 0;
        else account.PendingInMinor -= leg.PromisedMinor ?? 0;
        Changed(account);
        Writes.Entries.Add(new EntryRow(
            account.Id, account.EntryVersion, posting.Id, leg.AmountMinor, account.PostedMinor, TimeUs));
        // Only customers' accounts have events; the transaction lists the other entries.
        if (account.Kind == AccountKind.Customer)
            Emit(posting.EventOf(leg.AmountMinor), account, AccountEvent.Of(posting, leg));
        return new EntryKey(account.Id, account.EntryVersion);
    }

    /// <summary>Emits an event about an account in its present state.</summary>
    public void Emit(EventType type, AccountRow account, in AccountEvent what)
    {
        account.Version++;
        Changed(account);
        Writes.Events.Add(new LedgerEvent(
            new Position(Context.Shard, ++_eventSeq), type, account.Id, account.Version, TimeUs, what.ToJson(account)));
    }

    /// <summary>Emits an event about a customer.</summary>
    public void Emit(EventType type, CustomerRow customer, EventData data) =>
        Writes.Events.Add(new LedgerEvent(
            new Position(Context.Shard, ++_eventSeq), type, customer.Id, customer.Version, TimeUs, data.ToJson()));

    /// <summary>Emits an event about an aggregate, as it was last put.</summary>
    /// <param name="type">An event that the service registered.</param>
    /// <param name="aggregate">The aggregate. Each of its changes has one event, so both have the same version.</param>
    /// <param name="data">UTF-8 JSON. Begins with <c>customerId</c> if the event is about a customer.</param>
    /// <exception cref="TidelineException">Internal: no service registered the event.</exception>
    public void Emit(EventType type, AggregateRow aggregate, ReadOnlyMemory<byte> data)
    {
        if (EventTypes.Find(type) is null) throw Unregistered("Event", (int)type);
        Writes.Events.Add(new LedgerEvent(
            new Position(Context.Shard, ++_eventSeq), type, aggregate.Id, aggregate.Version, TimeUs, data));
    }

    /// <summary>Sends a message to another shard (or to this one), with the commit.</summary>
    public void Send(int targetShard, Guid sagaId, string type, byte[] data) =>
        Writes.Messages.Add(new MessageRow(++_messageSeq, targetShard, sagaId, type, data, TimeUs));

    /// <summary>Adds an audit block that follows <see cref="BlockHash"/>.</summary>
    public void Seal(AuditBlockRow block)
    {
        (BlockNumber, BlockHash) = (block.Number, block.Hash);
        Writes.Blocks.Add(block);
    }

    /// <summary>The reply to a command that was executed, after its last event.</summary>
    public Reply Done(Guid subject, long balanceMinor, OutcomeKind kind = OutcomeKind.Done) =>
        new(null, subject, balanceMinor, new Position(Context.Shard, _eventSeq), kind);

    /// <summary>The reply to a command that changed nothing.</summary>
    /// <exception cref="TidelineException">Internal: no service registered the reason.</exception>
    public Reply Refuse(RefusalReason reason, string detail, Guid subject = default) => Refusals.Find(reason) is null
        ? throw Unregistered("Refusal", (int)reason)
        : new Reply(new Refusal(reason, detail), subject, 0, new Position(Context.Shard, 0), OutcomeKind.Refused);

    // What is written must be known to every reader.
    private static TidelineException Unregistered(string what, int number) => new(
        ErrorCode.Internal, $"{what} number {number} is registered by no service of this program.");

    private static void Require(ClaimKey name)
    {
        if (name.Space.Length is 0 or > LedgerLimits.ClaimSpaceCharacters
            || name.Name.Length is 0 or > LedgerLimits.ClaimNameCharacters)
            throw new TidelineException(
                ErrorCode.Internal, $"The name \"{name.Name}\" in {name.Space} is empty or too long to be claimed.");
    }

    private static void Require(AggregateRow aggregate, long knownVersion)
    {
        if (aggregate.Version != knownVersion + 1
            || aggregate.Kind.Length is 0 or > LedgerLimits.AggregateKindCharacters
            || aggregate.State.Length is 0 or > LedgerLimits.AggregateStateCharacters)
            throw new TidelineException(
                ErrorCode.Internal,
                $"Version {aggregate.Version} of {aggregate.Kind} {aggregate.Id} cannot follow {knownVersion}.");
    }

    private static bool Replace(List<AggregateRow> list, AggregateRow aggregate)
    {
        for (var index = list.Count - 1; index >= 0; index--)
        {
            if (list[index].Id != aggregate.Id) continue;
            list[index] = aggregate;
            return true;
        }

        return false;
    }
}
