using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Entries of an account, on a reading connection: from the newest back, see <see cref="EntryChain"/>. Rows of entries
/// never change, so a reader that found the newest needs no snapshot for the others.
/// </summary>
internal sealed class EntryReader(SqliteDatabase database, Guid accountId)
{
    /// <summary>Entries with a version below one, newest first.</summary>
    /// <exception cref="TidelineException">Corrupt: an entry is not where the account or another entry
    /// says.</exception>
    public List<EntryRow> Before(long version, int limit, CancellationToken cancel)
    {
        var rows = new List<EntryRow>();
        for (var at = Below(Newest(), version); at is { } link && rows.Count < limit; at = Previous(link))
        {
            cancel.ThrowIfCancellationRequested();
            rows.Add(link.Entry);
        }

        return rows;
    }

    /// <summary>The entries with these versions, which come from the newest back; missing ones are left out.</summary>
    /// <exception cref="TidelineException">Corrupt: an entry is not where the account or another entry
    /// says.</exception>
    public IEnumerable<EntryRow> With(IEnumerable<long> versions)
    {
        var at = Newest();
        foreach (var version in versions)
        {
            if (version == long.MaxValue) continue;
            at = Below(at, version + 1);
            if (at is { } link && link.Entry.Version == version) yield return link.Entry;
        }
    }

    /// <summary>The newest entry at or before a time: times grow with versions.</summary>
    /// <exception cref="TidelineException">Corrupt: an entry is not where the account or another entry
    /// says.</exception>
    public EntryRow? At(long timeUs)
    {
        var at = Newest();
        while (at is { } later && later.Entry.TimeUs > timeUs)
        {
            var jump = Read(later.Jump, EntryChain.JumpOf(later.Entry.Version));
            at = jump is { } earlier && earlier.Entry.TimeUs > timeUs ? jump : Previous(later);
        }

        return at?.Entry;
    }

    private Link? Below(Link? at, long version)
    {
        while (at is { } later && later.Entry.Version >= version)
        {
            var jump = EntryChain.JumpOf(later.Entry.Version);
            at = jump >= version - 1 ? Read(later.Jump, jump) : Previous(later);
        }

        return at;
    }

    private Link? Newest()
    {
        var query = database.Prepare(EntryTail.Sql).Bind(accountId);
        long row, version;
        try
        {
            query.Step();
            (row, version) = (EntryTail.Newest(query.Span(0)), query.Long(1));
        }
        finally
        {
            query.Reset();
        }

        var newest = row == 0 ? null : Read(row, version: null);
        // Fewer than the account counts would be an older state than the one it stands at.
        return (newest?.Entry.Version ?? 0) >= version ? newest : throw Missing(row);
    }

    private Link? Previous(in Link link) => Read(link.Previous, link.Entry.Version - 1);

    // No version: whichever. No entry has version 0.
    private Link? Read(long row, long? version)
    {
        if (version == 0) return null;
        var query = database.Prepare($"SELECT {LedgerColumns.Entries}, previous, jump FROM entries WHERE row = ?");
        try
        {
            if (!query.Bind(row).Step()) throw Missing(row);
            var entry = LedgerRows.Entry(query);
            // A damaged file may hold another entry there.
            if (entry.AccountId != accountId || (version is null ? entry.Version < 1 : entry.Version != version))
                throw Missing(row);
            return new Link(entry, query.Long(6), query.Long(7));
        }
        finally
        {
            query.Reset();
        }
    }

    private TidelineException Missing(long row) => new(ErrorCode.Corrupt,
        $"{Path.GetFileName(database.Path)}: row {row} does not hold an entry of account {accountId}.");

    private readonly record struct Link(EntryRow Entry, long Previous, long Jump);
}
