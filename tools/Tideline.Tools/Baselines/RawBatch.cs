using System.Buffers.Binary;

namespace Tideline.Tools.Baselines;

/// <summary>The transfers of one raw commit.</summary>
internal sealed class RawBatch(IRawShard shard, int shards)
{
    private readonly List<BaselineAccount> _accounts = [];
    private readonly List<BaselineEntry> _entries = [];
    private readonly List<(Guid Key, Guid Subject, long Balance, bool Reserved)> _outcomes = [];
    private readonly List<(Guid Id,
        long Amount, BaselineAccount From, long FromVersion, BaselineAccount To, long ToVersion)> _transfers = [];
    private long _made;

    public void Add(bool hot)
    {
        var accounts = shard.Accounts;
        var from = shard.Random.Below(accounts.Length);
        var to = hot ? 0 : shard.Random.Below(accounts.Length);
        if (from == to) from = (to + 1) % accounts.Length;
        Add(accounts[from], accounts[to], 1 + shard.Random.Below(100));
    }

    public void Commit(long timeUs)
    {
        shard.Begin();
        // An account's row says where its newest entry is.
        foreach (ref readonly var entry in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries))
            shard.InsertEntry(entry, timeUs);
        _accounts.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        foreach (var account in _accounts)
        {
            shard.UpdateAccount(account);
            account.InBatch = false;
        }

        foreach (var transfer in _transfers) shard.InsertTransaction(transfer.Id, transfer.Amount, timeUs);
        foreach (var transfer in _transfers)
        {
            shard.InsertEvent(5, transfer.From.Id, transfer.FromVersion, timeUs);
            shard.InsertEvent(6, transfer.To.Id, transfer.ToVersion, timeUs);
        }

        foreach (var (key, subject, balance, reserved) in _outcomes)
            shard.InsertOutcome(key, subject, balance, reserved, timeUs);
        shard.Commit(timeUs);
        _accounts.Clear();
        _entries.Clear();
        _outcomes.Clear();
        _transfers.Clear();
    }

    private void Add(BaselineAccount from, BaselineAccount to, long amount)
    {
        var id = NextId();
        Move(from, -amount, id);
        Move(to, amount, id);
        _transfers.Add((id, amount, from, from.Version, to, to.Version));
        _outcomes.Add((shard.Random.NextGuid(), id, from.Posted, false));
        // The reserved rows of the other shards' keys.
        if (shard.Random.Below(shards) != 0) _outcomes.Add((shard.Random.NextGuid(), id, 0, true));
    }

    private void Move(BaselineAccount account, long amount, Guid transaction)
    {
        account.Posted += amount;
        account.Version++;
        _entries.Add(new BaselineEntry(account.Id, account.Version, transaction, amount, account.Posted));
        if (account.InBatch) return;
        account.InBatch = true;
        _accounts.Add(account);
    }

    // Ordered like UUIDs of version 7, so that transactions grow at their end.
    private Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, ++_made);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], shard.Random.Next());
        return new Guid(bytes, bigEndian: true);
    }
}
