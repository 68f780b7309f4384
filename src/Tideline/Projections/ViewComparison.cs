using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Compares two versions of a projection, all its collections. Documents with the same clock hold the same events, so
/// they must be equal whatever else goes on; those whose clocks differ are in motion. Rows are written once and never
/// change, so they are equal or not there yet.
/// </summary>
internal sealed class ViewComparison
{
    private readonly ProjectionDefinition _definition;
    private readonly DeadLetterQueue _letters;
    private readonly DateOnly _today;
    private readonly CollectionComparison? _documents;
    private readonly CollectionComparison[] _rows;

    public ViewComparison(IViewStore views, ViewNames live, ViewNames built, DeadLetterQueue letters, DateOnly today)
    {
        (_definition, _letters, _today) = (live.Definition, letters, today);
        CollectionComparison Of(ViewCollection collection, Judge judge) => new(
            views, collection.Name, live.Of(collection.Name), built.Of(collection.Name), judge);
        if (_definition.Documents is { } documents)
            _documents = Of(documents, (id, left, right, isStill) => Judge(documents, id, left, right, isStill));
        _rows = [.. _definition.Rows.Select(rows =>
            Of(rows, (_, left, right, isStill) => Judge(rows, left, right, isStill)))];
    }

    public IReadOnlyList<ComparedCollection> Results => [.. All.Select(collection => collection.Result)];

    private IEnumerable<CollectionComparison> All => _documents is null ? _rows : _rows.Prepend(_documents);

    /// <summary>
    /// Compares everything while both versions change; <paramref name="goesOn"/> is called now and then.
    /// </summary>
    public async Task CompareAllAsync(Action goesOn, CancellationToken cancel)
    {
        foreach (var collection in All) await collection.CompareAllAsync(goesOn, cancel);
    }

    /// <summary>
    /// Compares what these events made, after the built version has folded them: the live one, which is never behind
    /// it, has it all too. So nothing that arrives while the collections are walked is left out.
    /// </summary>
    public async Task CompareFoldedAsync(
        IReadOnlyList<ProjectedEvent> events, IReadOnlyList<string> newKeys, CancellationToken cancel)
    {
        if (_documents is not null) await _documents.CompareAsync(newKeys, isStill: false, cancel);
        for (var at = 0; at < _rows.Length; at++)
        {
            var rows = _definition.Rows[at];
            await _rows[at].CompareAsync([.. events.Where(_definition.IsTaken).Select(each => RowId(rows, each))
                .OfType<string>().Distinct(StringComparer.Ordinal)], isStill: true, cancel);
        }
    }

    /// <summary>
    /// Compares what was in motion; when <paramref name="isStill"/>, both versions stand at the same positions.
    /// </summary>
    public async Task CompareMovingAsync(bool isStill, CancellationToken cancel)
    {
        foreach (var collection in All) await collection.CompareMovingAsync(isStill, cancel);
    }

    private Agreement Judge(DocumentCollection documents, string id, Document? live, Document? built, bool isStill)
    {
        if (live?.Damage is not null) return Agreement.Differs;
        if (_letters.IsBlocked(id)) return Agreement.Blocked;
        if (AreSame(live, built)) return Agreement.Same;
        if (live is null || built is null) return isStill ? Agreement.Differs : Agreement.Moving;
        if (documents.Read(live, out _) is not { } left || documents.Read(built, out _) is not { } right)
            return Agreement.Differs;
        if (!isStill && !documents.HaveSameClock(left, right)) return Agreement.Moving;
        // Time may have changed one and not yet the other.
        return documents.BytesOn(left, _today).AsSpan().SequenceEqual(documents.BytesOn(right, _today))
            ? Agreement.Same : Agreement.Differs;
    }

    private Agreement Judge(RowCollection rows, Document? live, Document? built, bool isStill)
    {
        // What the live version lacks may wait among the dead letters of its key.
        if (live is null && built is not null && rows.FindDamage(built) is null
            && rows.KeyOf(built) is { } key && _letters.IsBlocked(key)) return Agreement.Blocked;
        if (AreSame(live, built)) return Agreement.Same;
        return isStill || (live is not null && built is not null) ? Agreement.Differs : Agreement.Moving;
    }

    private static bool AreSame(Document? live, Document? built) => live is null || built is null
        ? live is null && built is null
        : live.Damage is null && built.Damage is null && live.Json.Span.SequenceEqual(built.Json.Span);

    // An event that cannot be folded made no row, here or there.
    private static string? RowId(RowCollection rows, ProjectedEvent happened)
    {
        try
        {
            return rows.Row(happened)?.Id;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return null;
        }
    }
}
