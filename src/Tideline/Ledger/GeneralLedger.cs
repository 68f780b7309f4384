using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger.Commands;
using Tideline.Ledger.Installation;

namespace Tideline.Ledger;

/// <summary>
/// The strong tier as the rest of the program sees it: it executes commands with durable replies, and serves strong
/// reads.
/// </summary>
public sealed class GeneralLedger : IAsyncDisposable
{
    private readonly ILedgerStore _store;
    private readonly IShardReader[] _readers;
    private readonly TimeFence[] _fences;
    private ShardOwnership[] _slots = [];
    private ForwardCommand? _forward;

    private GeneralLedger(ILedgerStore store, SteadyClock clock, IdGenerator ids)
    {
        (_store, Map, Ids, Clock) = (store, store.Map, ids, clock);
        SystemAccounts = new SystemAccounts(Map);
        _readers = [.. Enumerable.Range(0, Map.Shards).Select(store.OpenReader)];
        _fences = [.. Enumerable.Range(0, Map.Shards).Select(FenceOf)];
    }

    /// <summary>The clock that stamps commits.</summary>
    public SteadyClock Clock { get; }

    /// <summary>Maps ids to shards.</summary>
    public ShardMap Map { get; }

    /// <summary>The group of servers that holds each shard.</summary>
    public Placement Placement => _store.Placement;

    /// <summary>Generates new ids.</summary>
    public IdGenerator Ids { get; }

    /// <summary>The ids of system accounts.</summary>
    public SystemAccounts SystemAccounts { get; }

    /// <summary>
    /// Called after each durable commit of a shard, in order, before its answers are sent. Handlers must be quick.
    /// </summary>
    internal event Action<BatchWrites>? Committed;

    /// <summary>
    /// Acquires every shard of the store that has no owner and starts its writer; it stands by for the others.
    /// </summary>
    /// <param name="reachable">Completes when other processes can reach this one; until then no shard is acquired.
    /// Null: at once.</param>
    /// <param name="acceptClock">Whether to trust the clock, however old it makes the newest event.</param>
    /// <param name="findFault">Checks a shard before its first command; a fault closes that shard. Null: no
    /// check.</param>
    /// <exception cref="TidelineException">IncompatibleData, StorageUnavailable, ClockWrong, or Corrupt: no shard may
    /// be used.</exception>
    public static async Task<GeneralLedger> StartAsync(
        ILedgerStore store, TimeProvider time, IdGenerator ids, ILogger logger, CancellationToken cancel,
        Task? reachable = null, bool acceptClock = false,
        Func<IShardReader, int, CancellationToken, Task<HistoryFault?>>? findFault = null)
    {
        var clock = SteadyClock.Of(time);
        var ledger = new GeneralLedger(store, clock, ids);
        Task<ShardOwnership>[] starts = [];
        try
        {
            if (!acceptClock) await ClockRules.RequireAsync(ledger, cancel);
            // All at once: each of them waits for a witness that does not answer.
            starts = [.. Enumerable.Range(0, store.Map.Shards).Select(StartAsync)];
            var slots = await Task.WhenAll(starts);
            if (slots.All(slot => slot.Closed is not null)) throw slots[0].Closed!.ToException();
            ledger._slots = slots;
            return ledger;
        }
        catch
        {
            foreach (var start in starts)
                if (start.IsCompletedSuccessfully) await (await start).DisposeAsync();
            foreach (var reader in ledger._readers) await reader.DisposeAsync();
            throw;
        }

        Task<ShardOwnership> StartAsync(int shard) => ShardOwnership.StartAsync(
            store,
            new ShardContext(shard, store.Map, ledger.SystemAccounts, home => store.TakesKeysOf(shard, home)),
            ledger.RawReader(shard),
            token => findFault?.Invoke(ledger.RawReader(shard), shard, token)
                ?? Task.FromResult<HistoryFault?>(null),
            writes => ledger.Committed?.Invoke(writes),
            reachable ?? Task.CompletedTask, clock, logger, cancel);
    }

    /// <summary>
    /// The installation epochs of a shard, oldest first; empty for a shard that does not exist. Fixed while the program
    /// runs.
    /// </summary>
    public IReadOnlyList<EpochRow> Epochs(int shard) => _store.Epochs(shard);

    /// <summary>The id of the installation.</summary>
    public Guid Installation => Epochs(0)[^1].Installation;

    /// <summary>The number of the present installation epoch.</summary>
    public long InstallationEpoch => Epochs(0)[^1].Number;

    /// <summary>
    /// Why a shard takes no commands until the next start: it does not hold what was acknowledged. Null while it may be
    /// used.
    /// </summary>
    public string? WhyClosed(int shard) => _slots[shard].Closed?.Sentence;

    /// <summary>
    /// Why a shard takes no commands until the next start: as <see cref="WhyClosed"/>, or its engine failed so that its
    /// state is unknown. Null while it may be used.
    /// </summary>
    public string? WhyStopped(int shard) => _slots[shard].Stopped;

    /// <summary>What was observed of a closed shard but is missing from it; null while it may be used.</summary>
    internal ManifestHead? SeenOfClosed(int shard) => _slots[shard].Closed?.Seen;

    /// <summary>Closes a shard that does not hold what was acknowledged.</summary>
    internal void CloseShard(int shard, HistoryFault why) => _slots[shard].Close(why);

    /// <summary>Whether this process owns a shard: it executes the shard's commands and its background work.</summary>
    public bool Owns(int shard) => _slots[shard].Epoch != 0;

    /// <summary>
    /// The fencing epoch in which this process owns a shard; 0 while it does not. A different number means that another
    /// process may have owned it in between.
    /// </summary>
    public long OwnedEpoch(int shard) => _slots[shard].Epoch;

    /// <summary>Why this process does not own a shard; null while it does.</summary>
    public string? WhyNotOwner(int shard) => _slots[shard].WhyNot;

    /// <summary>
    /// The other process that owns a shard, as of the last poll; null if this process owns it, or none.
    /// </summary>
    public ShardOwner? OwnerElsewhere(int shard) => _slots[shard].Owner?.Owner;

    /// <summary>
    /// Completes when every shard that has not stopped permanently has an owner, this process or another.
    /// </summary>
    public async Task WaitForOwnersAsync(CancellationToken cancel)
    {
        while (_slots.Any(slot => slot.Stopped is null && slot.Epoch == 0 && slot.Owner is null))
            await Task.Delay(TimeSpan.FromMilliseconds(LedgerLimits.OwnershipPollMs), Clock, cancel);
    }

    /// <summary>A new id on the shard of another id: what belongs to an account is found by its id alone.</summary>
    public Guid NextIdBeside(Guid id) => Map.NextOn(Map.ShardOf(id), Ids);

    /// <summary>Strong reads of a shard.</summary>
    /// <exception cref="TidelineException">Corrupt: the shard does not hold what was acknowledged, so its content must
    /// not be returned as the truth.</exception>
    public IShardReader Reader(int shard) =>
        _slots[shard].WhyUnreadable is { } why ? throw why : _readers[shard];

    /// <summary>
    /// Reads of a shard as stored, even if it does not hold what was acknowledged: for checks, and for views, which may
    /// contain more than the shard.
    /// </summary>
    public IShardReader RawReader(int shard) => _readers[shard];

    /// <summary>Strong reads of the shard that an id lives on.</summary>
    public IShardReader ReaderOf(Guid id) => Reader(Map.ShardOf(id));

    /// <summary>Executes a command once and returns its reply when that is durable.</summary>
    /// <exception cref="TidelineException">Overloaded, StorageUnavailable, NotOwner, ShuttingDown: safe to repeat with
    /// the same key.</exception>
    public Task<Reply> ExecuteAsync(LedgerCommand command, CancellationToken cancel) =>
        command.ExecuteAsync(this, cancel);

    /// <summary>
    /// The newest committed position of a shard and its commit time, without a read of the store. What another owner
    /// commits is known here a moment later; see <see cref="KnownUs"/>.
    /// </summary>
    public (long EventSeq, long MessageSeq, long TimeUs) CommittedHead(int shard) => _slots[shard].Signal.Head;

    /// <summary>
    /// The present time of a shard, microseconds: the earliest time that its next commit may be stamped with, and the
    /// clock of its commands, timers and reads. If another process owns the shard, it is later than the newest commit
    /// known here.
    /// </summary>
    public long NowUs(int shard) => _slots[shard].NowUs;

    /// <summary>
    /// Completes when no commit of a shard can be stamped at or before a time any more, whichever process owns it:
    /// reads as of that time no longer change.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="timeUs">The time, microseconds; not later than <see cref="NowUs"/>.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="TidelineException">
    /// As <see cref="ExecuteAsync"/>. ClockWrong: the owner's clock is too far behind.
    /// </exception>
    public async Task FenceAsync(int shard, long timeUs, CancellationToken cancel)
    {
        if (CommittedHead(shard).TimeUs >= timeUs) return;
        await _fences[shard].MoveAsync(timeUs).WaitAsync(cancel);
        await LookAsync(shard, cancel);
        if (CommittedHead(shard).TimeUs < timeUs)
        {
            throw new TidelineException(
                ErrorCode.ClockWrong,
                $"The clock of shard {shard}'s owner is behind: it has not reached {Kernel.Clock.FromUs(timeUs):u}.");
        }
    }

    /// <summary>
    /// As <see cref="FenceAsync"/>, for every shard; a shard whose clock has not reached the time is skipped.
    /// </summary>
    public Task FenceAllAsync(long timeUs, CancellationToken cancel) => Task.WhenAll(
        Enumerable.Range(0, Map.Shards)
            .Where(shard => timeUs <= NowUs(shard))
            .Select(shard => FenceAsync(shard, timeUs, cancel)));

    /// <summary>Why the clocks prevent this process from taking commands; null while they do not.</summary>
    public string? ClockFault()
    {
        if (Clock.Fault is { } fault) return fault;
        for (var shard = 0; shard < Map.Shards; shard++)
        {
            var headUs = CommittedHead(shard).TimeUs;
            if (Owns(shard) && ClockRules.Behind(shard, headUs, Clock.NowUs()) is { } behind) return behind;
        }

        return null;
    }

    /// <summary>
    /// The time up to which <see cref="CommittedHead"/> includes every commit, microseconds: now for a shard that this
    /// process owns, else the time of its last poll.
    /// </summary>
    public long KnownUs(int shard) => _slots[shard].KnownUs;

    /// <summary>
    /// Updates <see cref="CommittedHead"/> to include everything committed so far. It asks the store also about a shard
    /// of this process: other reads see a commit a moment before it is counted here, and a process that stood still may
    /// have lost the shard without noticing.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: the store does not answer.</exception>
    public Task LookAsync(int shard, CancellationToken cancel) => _slots[shard].ReadHeadAsync(cancel);

    /// <summary>Whether a position was written.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: this process does not know yet, and the store does not
    /// answer.</exception>
    public async ValueTask<bool> IsWrittenAsync(Position position, CancellationToken cancel)
    {
        if (CommittedHead(position.Shard).EventSeq >= position.Seq) return true;
        await _slots[position.Shard].ReadHeadAsync(cancel);
        return CommittedHead(position.Shard).EventSeq >= position.Seq;
    }

    /// <summary>
    /// Completes when the shard has an event or a message after these, or when the time is over. The relay waits on it.
    /// </summary>
    public ValueTask WaitForCommitAsync(
        int shard, long afterEventSeq, long afterMessageSeq, TimeSpan timeout, CancellationToken cancel) =>
        _slots[shard].Signal.WaitAsync(afterEventSeq, afterMessageSeq, timeout, Clock, cancel);

    /// <summary>Commands waiting for a shard.</summary>
    public int QueueDepth(int shard) => _slots[shard].QueueDepth;

    /// <summary>Allows the writer of a shard to delete messages that are on the log.</summary>
    public void ForgetMessages(int shard, long throughSeq) => _slots[shard].ForgetMessages(throughSeq);

    /// <summary>
    /// Runs an action while the writers of all shards are paused between two batches, so that reads of several shards
    /// are of one moment.
    /// </summary>
    /// <exception cref="TidelineException">Overloaded: the writers were not paused for long enough; discard what was
    /// read.</exception>
    internal async Task AtOneMomentAsync(Action act, CancellationToken cancel)
    {
        var pauses = new List<ShardPause>();
        var isOneMoment = false;
        try
        {
            foreach (var slot in _slots) pauses.Add(slot.Writer.Pause());
            await Task.WhenAll(pauses.Select(pause => pause.Stands))
                .WaitAsync(TimeSpan.FromMilliseconds(LedgerLimits.BackupCutMs), cancel);
            act();
            isOneMoment = true;
        }
        catch (TimeoutException)
        {
            // Reported below: a shard is in the middle of a long batch, or its disk does not answer.
        }
        finally
        {
            foreach (var pause in pauses) isOneMoment &= pause.Release();
        }

        if (isOneMoment) return;
        throw new TidelineException(
            ErrorCode.Overloaded, $"The shards could not be paused together for {LedgerLimits.BackupCutMs} ms; retry.");
    }

    /// <summary>Drains the queues, then releases the shards.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots) await slot.DisposeAsync();
        foreach (var reader in _readers) await reader.DisposeAsync();
    }

    /// <summary>Forwards commands for shards of other processes. Without it they are refused.</summary>
    internal void ForwardWith(ForwardCommand forward) => _forward = forward;

    /// <summary>The other process that owns a shard, and whether it has lost the shard since.</summary>
    internal ObservedOwner? ObservedOwner(int shard) => _slots[shard].Owner;

    /// <summary>Reads who owns a shard now, before the next poll does.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the store does not answer.</exception>
    internal Task LookForOwnerAsync(int shard, CancellationToken cancel) => _slots[shard].LookAsync(cancel);

    /// <summary>A position from another owner's answer: every later read in this process must see it.</summary>
    internal void Reach(Position position) => _slots[position.Shard].Signal.Reach(position.Seq, 0, 0);

    /// <summary>Executes a command on a shard as it is, here or at the shard's owner.</summary>
    /// <exception cref="TidelineException">As <see cref="ExecuteAsync"/>.</exception>
    internal Task<Reply> SubmitAsync(int shard, LedgerCommand command) => TrySubmitHere(shard, command)
        ?? (_forward is { } forward ? forward(shard, command) : SubmitHereAsync(shard, command));

    /// <summary>Queues a command on a shard of this process; null if another process owns it.</summary>
    internal Task<Reply>? TrySubmitHere(int shard, LedgerCommand command) => _slots[shard].TrySubmit(command);

    /// <summary>Queues a command on a shard of this process: for work that only an owner does.</summary>
    /// <exception cref="TidelineException">As <see cref="ExecuteAsync"/>.</exception>
    internal Task<Reply> SubmitHereAsync(int shard, LedgerCommand command) => _slots[shard].Writer.Submit(command);

    /// <summary>
    /// Queues several commands on a shard of this process; the task completes when each is durable or has failed.
    /// </summary>
    internal Task<CommandEnd[]> SubmitAllHereAsync(int shard, IReadOnlyList<LedgerCommand> commands) =>
        _slots[shard].Writer.SubmitAll(commands);

    private TimeFence FenceOf(int shard) =>
        new(timeUs => SubmitAsync(shard, new FenceTime(Map.NextOn(shard, Ids), timeUs)));

    /// <summary>Executes a command once. A key's home shard knows every use of it.</summary>
    /// <exception cref="TidelineException">As <see cref="ExecuteAsync"/>.</exception>
    internal async Task<Reply> ExecuteOnceAsync(LedgerCommand command, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var shard = Map.ShardOf(command.RouteId);
        if (command.Key == Guid.Empty) return await SubmitAsync(shard, command);

        // :: 1  One commit if one transaction reaches both key and effect. Else the key is first reserved at home,
        // durably.
        var home = Map.ShardOf(command.Key);
        var reply = home == shard || _store.TakesKeysOf(shard, home)
            ? await SubmitAsync(shard, command)
            : await SubmitAsync(home, ReserveKey.For(command));
        if (reply.Kind != OutcomeKind.Reserved) return reply;

        // :: 2  Reserved now, or by an earlier attempt that may not have come this far: the effect has the reserved id.
        var reserved = command.About(reply.Subject) with { IsKeyTaken = true };
        return await SubmitAsync(Map.ShardOf(reserved.RouteId), reserved);
    }
}
