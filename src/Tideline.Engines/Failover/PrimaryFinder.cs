using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// Finds the primary of a group: the writable member with the newest term, and no member may know a newer one. All
/// members but one must have answered: a new term is durable on its primary and on one replica before it counts, so one
/// silent member cannot hide it, and an old primary that has come back is passed over by a process that knows nothing
/// yet, too. Where one address was given, the primary is where it leads, and nobody is asked: that is a new tenure each
/// time it is in doubt.
/// </summary>
internal sealed class PrimaryFinder(GroupAddress group, Func<MemberAddress, Task<MemberAnswer>>? ask = null)
{
    private readonly Func<MemberAddress, Task<MemberAnswer>> _ask = ask ?? AskAsync;
    private const string Question = "SELECT @@read_only, (SELECT MAX(term) FROM tideline_group.topology)";
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(Limits.FinderMs);
    private readonly Lock _lock = new();
    private long _highest;
    private PrimaryLease? _known = group.IsGroup ? null : new PrimaryLease(group.Members[0]);

    /// <summary>The primary as it was found last; it is looked for where it is not known.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: there is none now, in words that say what each member
    /// answered.</exception>
    public PrimaryLease Get() => Volatile.Read(ref _known) ?? Task.Run(FindAsync).GetAwaiter().GetResult();

    /// <summary>As <see cref="Get"/>.</summary>
    public async ValueTask<PrimaryLease> GetAsync() => Volatile.Read(ref _known) ?? await FindAsync();

    /// <summary>
    /// The primary does not answer or takes no writes: the next one who asks looks for it anew, and who waits for it
    /// waits no longer.
    /// </summary>
    public void Doubt(PrimaryLease tenure)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_known, tenure)) return;
            _known = group.IsGroup ? null : new PrimaryLease(tenure.Member);
        }

        tenure.End();
    }

    private async Task<PrimaryLease> FindAsync()
    {
        var asked = group.Members.Select(_ask).ToList();
        var answers = new List<MemberAnswer>();
        while (asked.Count > 0)
        {
            var next = await Task.WhenAny(asked);
            asked.Remove(next);
            answers.Add(await next);
            if (PrimaryAmong(answers) is { } primary) return Found(primary);
        }

        throw new TidelineException(ErrorCode.StorageUnavailable, $"The MySQL group has no primary now: "
            + $"{string.Join("; ", answers.Select(answer => $"{answer.Member} {answer.Words}"))}.");
    }

    private MemberAnswer? PrimaryAmong(List<MemberAnswer> answers)
    {
        var heard = answers.FindAll(answer => answer.IsHeard);
        if (heard.Count < Math.Max(group.Members.Count - 1, (group.Members.Count / 2) + 1)) return null;
        var newest = Math.Max(heard.Max(answer => answer.Term), Interlocked.Read(ref _highest));
        var primaries = heard.FindAll(answer => answer.IsWritable && answer.Term == newest);
        // Two that take writes in one term contradict each other: an operator must look.
        return primaries.Count == 1 ? primaries[0] : null;
    }

    private PrimaryLease Found(MemberAnswer answer)
    {
        lock (_lock)
        {
            if (_known is { } known && ReferenceEquals(known.Member, answer.Member) && answer.Term == _highest)
                return known;
            _highest = Math.Max(_highest, answer.Term);
            return _known = new PrimaryLease(answer.Member);
        }
    }

    private static async Task<MemberAnswer> AskAsync(MemberAddress member)
    {
        try
        {
            // Who does not answer in time is left to the driver's own limits.
            return await Task.Run(() => ReadAsync(member)).WaitAsync(Patience);
        }
        catch (Exception fault) when (fault is MySqlException or TimeoutException or InvalidOperationException)
        {
            return new MemberAnswer(member, false, false, 0, fault is MySqlException refused
                ? $"answers: {refused.Message}" : "does not answer");
        }
    }

    private static async Task<MemberAnswer> ReadAsync(MemberAddress member)
    {
        await using var connection = await member.OpenAsync(Limits.StrongSilenceSeconds, CancellationToken.None);
        await using var command = new MySqlCommand(Question, connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (isWritable, term) = (!reader.GetBoolean(0), reader.IsDBNull(1) ? 0 : reader.GetInt64(1));
        return new MemberAnswer(member, true, isWritable, term, isWritable ? $"takes writes in term {term}"
            : $"takes no writes, term {term}");
    }

}

/// <summary>What a member says of itself, or why it was not heard.</summary>
internal sealed record MemberAnswer(MemberAddress Member, bool IsHeard, bool IsWritable, long Term, string Words);

/// <summary>A member for as long as it is taken for the primary.</summary>
#pragma warning disable CA1001 // Nothing hangs on the source once it is cancelled; readers may ask for its token later.
internal sealed class PrimaryLease(MemberAddress member)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _over = new();
    private string? _server;

    public MemberAddress Member => member;

    /// <summary>Cancelled when it is in doubt.</summary>
    public CancellationToken Ended => _over.Token;

    public void End() => _ = _over.CancelAsync();

    /// <summary>
    /// What a session at this primary says of its server. One address can lead to another server while sessions that
    /// were opened before stay where they are.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: it is not the primary (any more), or not the server that
    /// another session of this tenure is at.</exception>
    public void Require(bool isWritable, string server)
    {
        if (!isWritable) throw new TidelineException(ErrorCode.StorageUnavailable, $"{Member} accepts no writes now.");
        if ((Interlocked.CompareExchange(ref _server, server, null) ?? server) != server)
            throw new TidelineException(ErrorCode.StorageUnavailable, $"{Member} leads to another server now.");
    }
}
