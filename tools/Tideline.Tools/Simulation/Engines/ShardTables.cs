using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The rows of one shard in one state. No row in here changes, so what is written and what is durable may hold the
/// same.
/// </summary>
internal sealed class ShardTables
{
    private readonly int _shard;

    public ShardTables(int shard)
    {
        _shard = shard;
        (Accounts, Customers, Entries, Transactions) =
            (new(), new(Comparer<Guid>.Default), new(), new(Comparer<Guid>.Default));
        (Holds, Outcomes, Aggregates, Claims) = (new(), new(), new(), new(ClaimOrder.Instance));
        (Events, Messages, Blocks) =
            (new(row => row.Position.Seq), new(row => row.Seq), new(row => row.Number));
        Epochs = [];
    }

    private ShardTables(ShardTables other)
    {
        _shard = other._shard;
        (Accounts, Customers, Entries, Transactions) = (
            other.Accounts.Copy(), other.Customers.Copy(), other.Entries.Copy(), other.Transactions.Copy());
        (Holds, Outcomes, Aggregates, Claims) = (
            other.Holds.Copy(), other.Outcomes.Copy(), other.Aggregates.Copy(), other.Claims.Copy());
        (Events, Messages, Blocks) = (other.Events.Copy(), other.Messages.Copy(), other.Blocks.Copy());
        Epochs = [.. other.Epochs];
        (Owner, Epoch, Commits, MessageSeq, TimeUs) =
            (other.Owner, other.Epoch, other.Commits, other.MessageSeq, other.TimeUs);
    }

    public AccountTable Accounts { get; }

    public PagedTable<Guid, CustomerRow> Customers { get; }

    public EntryTable Entries { get; }

    public PagedTable<Guid, TransactionRow> Transactions { get; }

    public HoldTable Holds { get; }

    public OutcomeTable Outcomes { get; }

    public AggregateTable Aggregates { get; }

    public PagedTable<ClaimKey, ClaimRow> Claims { get; }

    public SequenceTable<LedgerEvent> Events { get; }

    public SequenceTable<MessageRow> Messages { get; }

    public SequenceTable<AuditBlockRow> Blocks { get; }

    /// <summary>The installation epochs, oldest first.</summary>
    public List<EpochRow> Epochs { get; }

    /// <summary>Who acquired the shard last; null before the first.</summary>
    public OwnerRow? Owner { get; set; }

    /// <summary>The epoch of ownership.</summary>
    public long Epoch { get; set; }

    /// <summary>The number of batches.</summary>
    public long Commits { get; private set; }

    /// <summary>The newest message, also where it was forgotten.</summary>
    public long MessageSeq { get; private set; }

    /// <summary>The newest commit time.</summary>
    public long TimeUs { get; private set; }

    public ShardHead Head => Blocks.Last is { } block
        ? new ShardHead(_shard, Epoch,
            Events.LastNumber, MessageSeq, block.Number, [.. block.Hash], block.ThroughSeq, TimeUs)
        : new ShardHead(_shard, Epoch, Events.LastNumber, MessageSeq, 0, new byte[32], 0, TimeUs);

    /// <summary>The same rows, to be changed apart from these.</summary>
    public ShardTables Copy() => new(this);

    /// <summary>Adds the rows of a batch that nobody changes any more.</summary>
    public void Apply(BatchWrites writes)
    {
        foreach (var row in writes.NewCustomers) Customers.Put(row.Id, row);
        foreach (var row in writes.NewAccounts) Accounts.Put(row);
        foreach (var row in writes.ChangedAccounts) Accounts.Put(row);
        foreach (var row in writes.Entries) Entries.Add(row);
        foreach (var row in writes.Transactions) Transactions.Put(row.Id, row);
        foreach (var row in writes.Outcomes) Outcomes.Add(row);
        foreach (var row in writes.Holds) Holds.Put(row);
        foreach (var (key, row) in writes.Claims)
        {
            if (row is null) Claims.Remove(key, out _);
            else Claims.Put(key, row);
        }

        foreach (var row in writes.NewAggregates) Aggregates.Put(row);
        foreach (var row in writes.ChangedAggregates) Aggregates.Put(row);
        foreach (var row in writes.Events) Events.Add(row);
        foreach (var row in writes.Messages) Messages.Add(row);
        foreach (var row in writes.Blocks) Blocks.Add(row);
        if (writes.Messages.Count > 0) MessageSeq = writes.Messages[^1].Seq;
        if (writes.ForgetMessagesThrough > 0) Messages.ForgetThrough(writes.ForgetMessagesThrough);
        TimeUs = Math.Max(TimeUs, writes.TimeUs);
        Commits++;
    }
}
