using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>The strong tier as the rest of the program sees it: commands in, durable replies out, strong reads beside.</summary>
public sealed class GeneralLedger : IAsyncDisposable
{
    private readonly ILedgerStore _store;
    private readonly IShardReader[] _readers;
    private readonly TimeProvider _time;
    private ShardSlot[] _slots = [];
    private ForwardCommand? _forward;

    private GeneralLedger(ILedgerStore store, TimeProvider time, IdGenerator ids)
    {
        (_store, Map, Ids, _time) = (store, store.Map, ids, time);
        SystemAccounts = new SystemAccounts(Map);
        _readers = [.. Enumerable.Range(0, Map.Shards).Select(store.OpenReader)];
    }

    /// <summary>How ids map to shards.</summary>
    public ShardMap Map { get; }

    /// <summary>Where ids come from.</summary>
    public IdGenerator Ids { get; }

    /// <summary>The ids of system accounts.</summary>
    public SystemAccounts SystemAccounts { get; }

    /// <summary>Called after each durable commit of a shard, in order, before its answers: must be quick.</summary>
    internal event Action<BatchWrites>? Committed;

    /// <summary>Acquires every shard of the store that nobody owns and starts its writer; it stands by for the others.</summary>
    /// <param name="reachable">Ends when other processes can reach this one; until then it acquires nothing. Null: at once.</param>
    /// <exception cref="TidelineException">IncompatibleData, StorageUnavailable or Corrupt.</exception>
    public static async Task<GeneralLedger> StartAsync(ILedgerStore store, TimeProvider time, IdGenerator ids, ILogger logger, CancellationToken cancel, Task? reachable = null)
    {
        var ledger = new GeneralLedger(store, time, ids);
        var slots = new List<ShardSlot>();
        try
        {
            for (var shard = 0; shard < store.Map.Shards; shard++)
            {
                var own = shard;
                slots.Add(await ShardSlot.StartAsync(
                    store, new ShardContext(shard, store.Map, ledger.SystemAccounts, home => store.TakesKeysOf(own, home)), ledger.Reader(shard), ledger.RepairAsync, writes => ledger.Committed?.Invoke(writes),
                    reachable ?? Task.CompletedTask, time, logger, cancel));
            }
        }
        catch
        {
            foreach (var slot in slots) await slot.DisposeAsync();
            throw;
        }

        ledger._slots = [.. slots];
        return ledger;
    }

    /// <summary>Whether this process owns a shard: it takes its commands, and does what the shard's owner alone does.</summary>
    public bool Owns(int shard) => _slots[shard].Epoch != 0;

    /// <summary>The epoch in which this process owns a shard; 0 while it does not. Another number means that somebody else may have owned it in between.</summary>
    public long OwnedEpoch(int shard) => _slots[shard].Epoch;

    /// <summary>Why this process does not own a shard; null while it does.</summary>
    public string? WhyNotOwner(int shard) => _slots[shard].WhyNot;

    /// <summary>The other process that owns a shard, as of the last look; null when this one does, or none.</summary>
    public ShardOwner? OwnerElsewhere(int shard) => _slots[shard].Owner?.Owner;

    /// <summary>Completes when every shard has an owner, this process or another one.</summary>
    public async Task WaitForOwnersAsync(CancellationToken cancel)
    {
        while (_slots.Any(slot => slot.Epoch == 0 && slot.Owner is null)) await Task.Delay(TimeSpan.FromMilliseconds(Limits.OwnershipPollMs), _time, cancel);
    }

    /// <summary>Strong reads of a shard.</summary>
    public IShardReader Reader(int shard) => _readers[shard];

    /// <summary>Strong reads of the shard that an id lives on.</summary>
    public IShardReader ReaderOf(Guid id) => Reader(Map.ShardOf(id));

    /// <summary>
    /// Carries out a command once and answers when that is durable. An <see cref="OpenAccount"/> also checks that its customer exists and claims its IBAN.
    /// </summary>
    /// <exception cref="TidelineException">Overloaded, StorageUnavailable, NotOwner, ShuttingDown: safe to repeat with the same key.</exception>
    public Task<Reply> ExecuteAsync(LedgerCommand command, CancellationToken cancel) => command is OpenAccount open
        ? OpenAccountAsync(open, cancel)
        : ExecuteOnceAsync(command, cancel);

    /// <summary>The account that an IBAN belongs to; null when none does.</summary>
    public async ValueTask<Guid?> FindIbanAsync(string iban, CancellationToken cancel)
    {
        var claim = await ReaderOf(ClaimName.RouteOf(iban)).GetClaimAsync(iban, cancel);
        return claim is not null && await ReaderOf(claim.Subject).GetAccountAsync(claim.Subject, cancel) is not null ? claim.Subject : null;
    }

    /// <summary>The newest committed position of a shard and its commit time, without asking the store: what another owner commits is known a moment later, see <see cref="KnownUs"/>.</summary>
    public (long EventSeq, long MessageSeq, long TimeUs) CommittedHead(int shard) => _slots[shard].Signal.Head;

    /// <summary>Until when <see cref="CommittedHead"/> holds all that is committed, microseconds: now for a shard that this process owns, else when it looked last.</summary>
    public long KnownUs(int shard) => _slots[shard].KnownUs;

    /// <summary>Has <see cref="CommittedHead"/> hold all that is committed now.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: another process owns the shard, and the store does not say.</exception>
    public Task LookAsync(int shard, CancellationToken cancel) => Owns(shard) ? Task.CompletedTask : _slots[shard].LookAsync(cancel);

    /// <summary>Whether a position was written.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it is not known here yet, and the store does not say.</exception>
    public async ValueTask<bool> IsWrittenAsync(Position position, CancellationToken cancel)
    {
        if (CommittedHead(position.Shard).EventSeq >= position.Seq) return true;
        await _slots[position.Shard].LookAsync(cancel);
        return CommittedHead(position.Shard).EventSeq >= position.Seq;
    }

    /// <summary>Completes when the shard has an event or a message after these, or when the time is over: what the relay waits on.</summary>
    public ValueTask WaitForCommitAsync(int shard, long afterEventSeq, long afterMessageSeq, TimeSpan timeout, CancellationToken cancel) =>
        _slots[shard].Signal.WaitAsync(afterEventSeq, afterMessageSeq, timeout, _time, cancel);

    /// <summary>Commands waiting for a shard.</summary>
    public int QueueDepth(int shard) => _slots[shard].QueueDepth;

    /// <summary>Lets the writer of a shard forget messages that are on the log.</summary>
    public void ForgetMessages(int shard, long throughSeq) => _slots[shard].ForgetMessages(throughSeq);

    /// <summary>Drains the queues, then releases the shards.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots) await slot.DisposeAsync();
        foreach (var reader in _readers) await reader.DisposeAsync();
    }

    /// <summary>Has commands for shards of other processes carried there. Without it they are refused.</summary>
    internal void ForwardWith(ForwardCommand forward) => _forward = forward;

    /// <summary>The other process that owns a shard, and whether that is over.</summary>
    internal SeenOwner? SeenOwner(int shard) => _slots[shard].Owner;

    /// <summary>A position that another owner answered: whoever reads here from now on must see it.</summary>
    internal void Reach(Position position) => _slots[position.Shard].Signal.Reach(position.Seq, 0, 0);

    /// <summary>Carries out a command on a shard as it is, here or where the shard's owner is.</summary>
    /// <exception cref="TidelineException">As <see cref="ExecuteAsync"/>.</exception>
    internal Task<Reply> SubmitAsync(int shard, LedgerCommand command) => TrySubmitHere(shard, command) ?? (_forward is { } forward ? forward(shard, command) : SubmitHereAsync(shard, command));

    /// <summary>Queues a command on a shard of this process; null where another process owns it.</summary>
    internal Task<Reply>? TrySubmitHere(int shard, LedgerCommand command) => _slots[shard].TrySubmit(command);

    /// <summary>Queues a command on a shard of this process: for what only an owner does.</summary>
    /// <exception cref="TidelineException">As <see cref="ExecuteAsync"/>.</exception>
    internal Task<Reply> SubmitHereAsync(int shard, LedgerCommand command) => _slots[shard].Writer.Submit(command);

    /// <summary>
    /// Queues several commands on a shard of this process; the task ends when each is durable or has failed.
    /// </summary>
    internal Task<CommandEnd[]> SubmitAllHereAsync(int shard, IReadOnlyList<LedgerCommand> commands) =>
        _slots[shard].Writer.SubmitAll(commands);

    /// <summary>Does something for each shard of this process, one after the other. What fails, because a shard is lost or its store is away, is told and does not keep the others waiting.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was.</exception>
    internal async Task ForOwnedAsync(Func<int, Task> act, Action<int, Exception> failed, CancellationToken cancel)
    {
        for (var shard = 0; shard < Map.Shards; shard++)
        {
            if (!Owns(shard)) continue;
            try
            {
                await act(shard);
            }
            // A cancellation that is not the caller's is a failure like others.
            catch (Exception fault) when (fault is not OutOfMemoryException && !(fault is OperationCanceledException && cancel.IsCancellationRequested))
            {
                failed(shard, fault);
            }
        }
    }

    private Task RepairAsync(int shard, ShardWriter writer, CancellationToken cancel) => ReservationRepair.RunAsync(this, shard, writer, Limits.UnansweredOutcomes, cancel);

    /// <summary>Writes again what a crash of the machine took from a shard's reserved keys.</summary>
    /// <returns>How many were missing.</returns>
    internal Task<int> RepairReservationsAsync(int home, int limit, CancellationToken cancel) => ReservationRepair.RunAsync(this, home, _slots[home].Writer, limit, cancel);

    // A key's home shard knows every use of it. When the effect lives elsewhere the key is taken at home with the same commit, or else it is reserved there first.
    private async Task<Reply> ExecuteOnceAsync(LedgerCommand command, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var shard = Map.ShardOf(command.RouteId);
        if (command.Key == Guid.Empty) return await SubmitAsync(shard, command);
        var home = Map.ShardOf(command.Key);
        if (home == shard || _store.TakesKeysOf(shard, home))
        {
            // An earlier use of the key, whose subject lived elsewhere, may have reserved it.
            var reply = await SubmitAsync(shard, command);
            return reply.Kind == OutcomeKind.Reserved ? await SubmitReservedAsync(command, reply.Subject, null) : reply;
        }

        var reserve = new ReserveKey(command.Subject) { Key = command.Key, Fingerprint = command.Fingerprint };
        if (Owns(shard) && _slots[home].TryReserve(reserve) is { } taking)
        {
            var reservation = await taking;
            return reservation.Reply.Kind == OutcomeKind.Reserved ? await SubmitReservedAsync(command, reservation.Reply.Subject, reservation) : reservation.Reply;
        }

        var taken = await SubmitAsync(home, reserve);
        return taken.Kind == OutcomeKind.Reserved ? await SubmitReservedAsync(command, taken.Subject, null) : taken;
    }

    // Without a reservation the key is durable already.
    private async Task<Reply> SubmitReservedAsync(LedgerCommand command, Guid subject, Reservation? reservation)
    {
        var reserved = command.About(subject) with { IsKeyTaken = true };
        var shard = Map.ShardOf(reserved.RouteId);
        if (reservation is not null)
        {
            if (_slots[shard].TrySubmit(reserved, reservation) is { } here) return await here;
            // The shard went to another process this moment, which knows nothing of reservations.
            await Task.Run(reservation.Wait);
        }

        return await SubmitAsync(shard, reserved);
    }

    private async Task<Reply> OpenAccountAsync(OpenAccount open, CancellationToken cancel)
    {
        if (await ReaderOf(open.CustomerId).GetCustomerAsync(open.CustomerId, cancel) is null)
            return await ExecuteOnceAsync(open with { Known = new Refusal(RefusalReason.CustomerNotFound, $"There is no customer {open.CustomerId}.") }, cancel);
        if (open.Iban is null) return await ExecuteOnceAsync(open, cancel);

        // A repeat must be told so before it claims anything.
        if (open.Key != Guid.Empty && await ReaderOf(open.Key).GetOutcomeAsync(open.Key, cancel) is { } known && known.Fingerprint != open.Fingerprint)
            return await ExecuteOnceAsync(open, cancel);
        var claim = await ExecuteOnceAsync(new ClaimName(open.Iban, open.Key == Guid.Empty ? open.AccountId : open.Key, open.AccountId), cancel);
        return await ExecuteOnceAsync(claim.Refusal is null ? open with { AccountId = claim.Subject } : open with { Known = claim.Refusal }, cancel);
    }
}
