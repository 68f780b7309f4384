using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// The duration of each part of a failover, milliseconds. Detection counts from the last answer of the old primary.
/// </summary>
public sealed record FailoverReport(
    long Term, string? From, string To, double DetectMs, double FenceMs, double DrainMs, double PromoteMs);

/// <summary>
/// Controls a group of MySQL servers and promotes a new primary when the old one fails. Several controllers may run:
/// the one that holds the group's lock on a majority of the members leads. It acts only on proof: without enough
/// members, or if they contradict each other, it refuses and reports why, and writers wait.
/// </summary>
/// <remarks>The protocol, its proof and its refusals: docs/operating/failover.md.</remarks>
public sealed partial class FailoverController : IAsyncDisposable
{
    private readonly FailoverOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupMember[] _members;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _quarantined = new(StringComparer.Ordinal);
    private readonly AckHeartbeat _heartbeat = new();
    private Task _loop = Task.CompletedTask;
    private GroupMember? _primary;
    private long _term;
    private long _seenAt;
    private Attempt? _attempt;
    private bool _isMade;
    private int _disposed;

    /// <exception cref="TidelineException">InvalidInput: the address cannot be parsed, or names no group.</exception>
    public FailoverController(FailoverOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _members = [.. GroupAddress.Parse(options.Group).Members.Select(member => new GroupMember(member))];
        if (_members.Length < 3) throw new TidelineException(
            ErrorCode.InvalidInput, "A failover needs a group of at least three servers: a primary and two replicas.");
    }

    /// <summary>Whether this controller leads.</summary>
    public bool IsLeading { get; private set; }

    /// <summary>The primary as this controller knows it, <c>host:port</c>; null if there is none.</summary>
    public string? Primary { get; private set; }

    /// <summary>Why a needed action is not taken; null if none is needed.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The last failover that this controller performed.</summary>
    public FailoverReport? Last { get; private set; }

    /// <summary>The number of members that follow the primary.</summary>
    public int Followers { get; private set; }

    /// <summary>
    /// Members with transactions that no other member has. They stay out until an operator reseeds them.
    /// </summary>
    public IReadOnlyCollection<string> InQuarantine { get; private set; } = [];

    /// <summary>The group, described by its members.</summary>
    public string Group => string.Join(',', _members.Select(member => member.Name));

    /// <summary>The term of the primary.</summary>
    public long Term => Interlocked.Read(ref _term);

    /// <summary>Failovers performed by this controller.</summary>
    public int Failovers { get; private set; }

    /// <summary>Starts to control the group; a group of fresh servers is formed first.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _loop;
        foreach (var member in _members) await member.DisposeAsync();
        _stop.Dispose();
    }

    private int Majority => _members.Length / 2 + 1;

    // N - A + 1 of N replicas, where A acknowledge each commit: at least one of them has it, and without them no other
    // set of replicas can acknowledge. A is 1, so all replicas are needed.
    private int Quorum => _members.Length - 1;

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var interval = Task.Delay(TimeSpan.FromMilliseconds(FailoverLimits.IntervalMs), _time, _stop.Token);
            try
            {
                await RoundAsync(_stop.Token);
                await interval;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                Refuse(fault.Message, fault);
                await interval.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RoundAsync(CancellationToken cancel)
    {
        if (!_isMade) await GroupSetup.MakeAsync(_options, cancel);
        _isMade = true;
        await Task.WhenAll(_members.Select(member => member.ProbeAsync(cancel)));
        Interlocked.Exchange(ref _term, Math.Max(_term, _members.Max(member => member.State?.Term ?? 0)));
        var held = _members.Count(member => member.IsHeld);
        if (held < Majority)
        {
            if (IsLeading) Follows(_logger, held, _members.Length);
            (IsLeading, _attempt) = (false, null);
            // Two controllers that hold one lock each would wait for each other indefinitely.
            foreach (var member in _members) member.Release();
            await Task.Delay(
                TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(FailoverLimits.IntervalMs)), _time, cancel);
            return;
        }

        if (!IsLeading)
        {
            (IsLeading, _seenAt) = (true, Stopwatch.GetTimestamp());
            Leads(_logger, held, _members.Length);
            await RequireSettingsAsync(cancel);
        }

        await LeadAsync(cancel);
    }

    private async Task LeadAsync(CancellationToken cancel)
    {
        if (_term == 0) throw new TidelineException(ErrorCode.InvalidInput, "No member has a term any longer.");
        if (_members.FirstOrDefault(
            member => member.State is { IsWritable: true } state && state.Term == _term) is { } primary)
        {
            (_primary, Primary, _seenAt, Refusal) = (primary, primary.Name, Stopwatch.GetTimestamp(), null);
            if (!primary.State!.IsSemiSync)
            {
                NotSemiSync(_logger, primary.Name);
                await primary.ExecuteAsync("SET GLOBAL rpl_semi_sync_source_enabled = ON", cancel);
            }

            // An earlier attempt whose final answer was lost.
            if (_attempt is { } attempt && _term > attempt.Term)
                Note(attempt, primary, 0, 0, Stopwatch.GetElapsedTime(attempt.BeganAt).TotalMilliseconds);
            _attempt = null;
            _heartbeat.Send(primary);

            foreach (var member in _members.Where(member => member != primary
                && member is { IsHeld: true, State: not null })) await RejoinAsync(member, primary, cancel);
            Followers = _members.Count(
                member => member.State is { IsReceiving: true } state && state.Source == primary.Name);
            InQuarantine = [.. _quarantined];
            return;
        }

        var detectMs = Stopwatch.GetElapsedTime(_seenAt).TotalMilliseconds;
        if (detectMs >= FailoverLimits.DetectMs) await FailOverAsync(detectMs, cancel);
    }

    private async Task FailOverAsync(double detectMs, CancellationToken cancel)
    {
        (Followers, Primary) = (0, null);
        // A stale primary that answers cannot be promoted before the commits that wait there are ended.
        var candidates = _members.Where(member => member is { IsHeld: true, State: { IsWritable: false } }).ToArray();
        var old = _primary ?? await FindOldAsync(cancel);
        if (candidates.Length < Quorum
            && !(old is not null && candidates.Contains(old) && candidates.Length >= Majority))
        {
            Refuse(string.Create(CultureInfo.InvariantCulture,
                $"The primary {old?.Name} does not answer, and only {candidates.Length} of {Quorum} replicas do "
                    + $"({Silent()}): the others may have acknowledged what these do not have. Writers wait."), null);
            return;
        }

        _attempt ??= new Attempt(_term, old?.Name, detectMs, Stopwatch.GetTimestamp());
        Begins(_logger, old?.Name, detectMs);
        var (primary, drainMs, promoteMs) = await new Promotion(_options, candidates, _term + 1, _heartbeat)
            .RunAsync(cancel);
        (_primary, Primary, _seenAt, Refusal) = (primary, primary.Name, Stopwatch.GetTimestamp(), null);
        _term++;
        // The fence is the time that was neither drain nor promotion, including failed attempts.
        Note(_attempt, primary,
            Stopwatch.GetElapsedTime(_attempt.BeganAt).TotalMilliseconds - drainMs - promoteMs, drainMs, promoteMs);
        _attempt = null;
    }

    private void Note(Attempt attempt, GroupMember primary, double fenceMs, double drainMs, double promoteMs)
    {
        Failovers++;
        Last = new FailoverReport(_term, attempt.From, primary.Name, attempt.DetectMs, fenceMs, drainMs, promoteMs);
        Ended(_logger, primary.Name, _term, attempt.DetectMs, fenceMs, drainMs, promoteMs);
    }

    // A controller that started after the primary failed finds it by the newest term.
    private async Task<GroupMember?> FindOldAsync(CancellationToken cancel)
    {
        var witness = _members.First(
            member => member is { IsHeld: true, State: not null } && member.State.Term == _term);
        var name = await witness.AskAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT primary_server FROM tideline_group.topology WHERE term = {_term}"), cancel) as string;
        return _members.FirstOrDefault(member => member.Name == name);
    }

    private async Task RejoinAsync(GroupMember member, GroupMember primary, CancellationToken cancel)
    {
        var state = member.State!;
        if (state.IsWritable)
        {
            Demotes(_logger, member.Name, state.Term);
            await Demotion.RunAsync(member, cancel);
            await member.ProbeAsync(cancel);
            if (member.State is not { IsWritable: false }) return;
            state = member.State;
        }

        if (state.Source == primary.Name)
        {
            _quarantined.Remove(member.Name);
            // The member was restarted, and does not start replication by itself.
            if (!state.IsReceiving)
                await member.ExecuteAsync("SET GLOBAL rpl_semi_sync_source_enabled = OFF; START REPLICA", cancel);
            return;
        }

        var beyond = await primary.AskAsync(
            $"SELECT GTID_SUBTRACT('{state.Executed}', @@gtid_executed)", cancel) as string;
        if (string.IsNullOrEmpty(beyond))
        {
            await member.EndApplierAsync(cancel);
            await member.ExecuteAsync($"SET GLOBAL rpl_semi_sync_source_enabled = OFF; "
                + $"{_options.Follow(primary.Address)}; START REPLICA", cancel);
            _quarantined.Remove(member.Name);
            Rejoined(_logger, member.Name, primary.Name);
            return;
        }

        if (!_quarantined.Add(member.Name)) return;
        await primary.ExecuteAsync(
            $"INSERT INTO tideline_group.quarantine VALUES ('{member.Name}', '{beyond}', UTC_TIMESTAMP(6))", cancel);
        Quarantined(_logger, member.Name, beyond);
    }

    private async Task RequireSettingsAsync(CancellationToken cancel)
    {
        var findings = new List<string>();
        foreach (var member in _members.Where(member => member.IsHeld))
        {
            findings.AddRange(await member.CheckSettingsAsync(cancel));
        }

        if (findings.Count == 0) return;
        IsLeading = false;
        foreach (var member in _members) member.Release();
        throw new TidelineException(
            ErrorCode.InvalidInput, $"A failover of this group could lose data: {string.Join(' ', findings)}");
    }

    private string Silent() => string.Join(
        "; ", _members.Where(member => member.State is null).Select(member => $"{member.Name} {member.Fault}"));

    private void Refuse(string why, Exception? fault)
    {
        if (Refusal == why) return;
        Refusal = why;
        // The program's own errors need no stack trace.
        Refused(_logger, why, fault is TidelineException ? null : fault);
    }

    // A failover that began in a term, and its start time.
    private sealed record Attempt(long Term, string? From, double DetectMs, long BeganAt);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "This controller leads: it holds {Held} of {Members} locks.")]
    private static partial void Leads(ILogger logger, int held, int members);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "This controller no longer leads: it holds {Held} of {Members} locks.")]
    private static partial void Follows(ILogger logger, int held, int members);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The primary {Old} has not answered for {Ms:0} ms; choosing a new one.")]
    private static partial void Begins(ILogger logger, string? old, double ms);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Primary} is the primary of term {Term}: detected after "
        + "{DetectMs:0} ms, fenced in {FenceMs:0}, drained in {DrainMs:0}, promoted in {PromoteMs:0}.")]
    private static partial void Ended(
        ILogger logger, string primary, long term, double detectMs, double fenceMs, double drainMs, double promoteMs);

    [LoggerMessage(Level = LogLevel.Critical, Message = "No failover: {Why}")]
    private static partial void Refused(ILogger logger, string why, Exception? fault);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Primary} did not wait for replicas; it does now.")]
    private static partial void NotSemiSync(ILogger logger, string primary);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Member} still accepts writes, as primary of term {Term}; demoting it.")]
    private static partial void Demotes(ILogger logger, string member, long term);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Member} follows {Primary} now.")]
    private static partial void Rejoined(ILogger logger, string member, string primary);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Member} is in quarantine: it has {Gtids}, which were not "
        + "acknowledged and which no other member has. An operator must reseed it.")]
    private static partial void Quarantined(ILogger logger, string member, string gtids);
}
