using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;

namespace Tideline.Engines.Failover;

/// <summary>
/// Finds the primary of a group: the writable member with the newest term, provided that no member has a newer one. All
/// members but one must have answered. A new term is durable on its primary and on one replica before it counts, so one
/// silent member cannot hide it, and even a new process skips an old primary that has come back. With a single address,
/// the primary is the server that it leads to, without a search; each doubt then starts a new lease.
/// </summary>
internal sealed class PrimaryFinder(GroupAddress group, Func<MemberAddress, Task<MemberAnswer>>? ask = null)
{
    private readonly Func<MemberAddress, Task<MemberAnswer>> _ask = ask ?? AskAsync;
    private const string Question = "SELECT @@read_only, (SELECT MAX(term) FROM tideline_group.topology)";
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(FailoverLimits.FinderMs);
    private readonly Lock _lock = new();
    private long _highest;
    private PrimaryLease? _known = group.IsGroup ? null : new PrimaryLease(group.Members[0]);

    /// <summary>The last found primary; searches for it if it is not known.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: there is none at present; the message has each member's
    /// answer.</exception>
    public PrimaryLease Get() => Volatile.Read(ref _known) ?? Task.Run(FindAsync).GetAwaiter().GetResult();

    /// <summary>As <see cref="Get"/>.</summary>
    public async ValueTask<PrimaryLease> GetAsync() => Volatile.Read(ref _known) ?? await FindAsync();

    /// <summary>
    /// Reports that the primary does not answer or accepts no writes: the next caller searches again, and waits for
    /// this primary are cancelled.
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
        // Two writable members in one term contradict each other: an operator must decide.
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
            // A call that does not answer in time is left to the driver's own timeouts.
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
        await using var connection = await member.OpenAsync(MySqlLimits.SilenceSeconds, CancellationToken.None);
        await using var command = new MySqlCommand(Question, connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (isWritable, term) = (!reader.GetBoolean(0), reader.IsDBNull(1) ? 0 : reader.GetInt64(1));
        return new MemberAnswer(member, true, isWritable, term, isWritable ? $"takes writes in term {term}"
            : $"takes no writes, term {term}");
    }

}

/// <summary>A member's description of itself, or why it did not answer.</summary>
internal sealed record MemberAnswer(MemberAddress Member, bool IsHeard, bool IsWritable, long Term, string Words);

/// <summary>A member while it is regarded as the primary.</summary>
#pragma warning disable CA1001 // A cancelled source holds no resources; readers may still use its token.
internal sealed class PrimaryLease(MemberAddress member)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _over = new();
    private string? _server;

    public MemberAddress Member => member;

    /// <summary>Cancelled when the primary is in doubt.</summary>
    public CancellationToken Ended => _over.Token;

    public void End() => _ = _over.CancelAsync();

    /// <summary>
    /// Checks the server of a session at this primary. An address may start to lead to another server while earlier
    /// sessions stay where they are.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: it is not (or no longer) the primary, or not the server
    /// of this lease's other sessions.</exception>
    public void Require(bool isWritable, string server)
    {
        if (!isWritable) throw new TidelineException(ErrorCode.StorageUnavailable, $"{Member} accepts no writes now.");
        if ((Interlocked.CompareExchange(ref _server, server, null) ?? server) != server)
            throw new TidelineException(ErrorCode.StorageUnavailable, $"{Member} now leads to another server.");
    }
}
