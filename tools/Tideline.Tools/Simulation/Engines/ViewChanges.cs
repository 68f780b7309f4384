using System.Globalization;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The change log of a <see cref="ViewDisk"/>, under its lock. A token names a change by its number, and the generation
/// in which it was given: when changes are lost, the next generation begins, which may give their numbers again.
/// </summary>
internal sealed class ViewChanges(int kept)
{
    private readonly List<DocumentChange> _changes = [];

    // Up to which number the tokens of each generation that ended are good.
    private readonly List<long> _goodThrough = [];
    private long _dropped;

    /// <summary>The number of the newest change.</summary>
    public long Last => _dropped + _changes.Count;

    private long First => Math.Max(_dropped, Last - kept) + 1;

    /// <summary>A token that goes on after a change.</summary>
    public string TokenAfter(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{_goodThrough.Count}-{number}");

    public void Add(string collection, string id, string operation, long revision)
    {
        _changes.Add(new DocumentChange(collection, id, operation, revision, null));
        // Rarely: it moves all the others.
        if (_changes.Count < 2L * kept) return;
        _dropped += _changes.Count - kept;
        _changes.RemoveRange(0, _changes.Count - kept);
    }

    /// <summary>Changes after a token, in order, and the number of the last of them.</summary>
    /// <exception cref="TidelineException">NotFound: what follows it is not there any more. InvalidInput: it is no
    /// token.</exception>
    public (IReadOnlyList<DocumentChange> Changes, long Through) After(string token, int limit)
    {
        var after = Parse(token);
        if (after < First - 1 || after > Last) throw new TidelineException(ErrorCode.NotFound,
            $"What follows {token} is not in the change log. Read the documents again, then continue from now.");
        var at = (int)(after - _dropped);
        var changes = _changes.GetRange(at, Math.Min(limit, _changes.Count - at));
        return (changes, after + changes.Count);
    }

    /// <summary>Takes back changes after a number that nobody can have read.</summary>
    public void TakeBack(long through)
    {
        var left = (int)Math.Max(0, through - _dropped);
        _changes.RemoveRange(left, _changes.Count - left);
        // Some of them may have been trimmed already, when others came.
        _dropped = Math.Min(_dropped, through);
    }

    /// <summary>Loses the changes after a number, which somebody may have read.</summary>
    public void Lose(long through)
    {
        if (through == Last) return;
        _goodThrough.Add(through);
        TakeBack(through);
    }

    /// <summary>Loses everything: no token is good any more.</summary>
    public void Wipe()
    {
        _goodThrough.Add(-1);
        _changes.Clear();
        _dropped = 0;
    }

    private long Parse(string token)
    {
        var dash = token.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1
            || !TryNumber(token[..dash], out var generation) || !TryNumber(token[(dash + 1)..], out var number))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"'{token}' is not a resume token of this change log.");
        // Of a generation that ended, a token is good as far as nothing was lost since; none is of one to come.
        var lost = generation > _goodThrough.Count
            || _goodThrough.Skip((int)generation).Any(through => through < number);
        return lost ? long.MaxValue : number;
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
