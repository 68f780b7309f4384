using System.Globalization;

namespace Tideline.Tools.Opponent;

/// <summary>The history of one run: operations and disturbances, in the order in which they began.</summary>
internal sealed class RunLog(Func<long> nowUs)
{
    private readonly List<(long AtUs, object What)> _lines = [];
    private readonly List<Operation> _operations = [];

    private readonly List<(long AtUs, long[] Heads)> _heads = [];

    public IReadOnlyList<Operation> Operations => _operations;

    private long _viewsTouchedUs = long.MaxValue;

    /// <summary>From now on the views may lack what they held: they are lost or damaged.</summary>
    public void TouchViews() => _viewsTouchedUs = Math.Min(_viewsTouchedUs, nowUs());

    /// <summary>Whether the views were lost or damaged before an answer.</summary>
    public bool AreViewsTouched(Operation read) => read.EndedUs >= _viewsTouchedUs;

    /// <summary>Whether somebody else wrote to the topics at some time.</summary>
    public bool AreTopicsTouched { get; set; }

    /// <summary>Notes the newest durable event of each shard.</summary>
    public void NoteHeads(long[] heads) => NoteHeads(nowUs(), heads);

    /// <summary>The same, of a time, µs; times rise.</summary>
    public void NoteHeads(long atUs, long[] heads)
    {
        if (heads.Length > 0) _heads.Add((atUs, heads));
    }

    /// <summary>What was surely durable at a time, µs; null if nothing is known.</summary>
    public long[]? HeadsAt(long atUs) => _heads.FindLast(seen => seen.AtUs <= atUs).Heads;

    public void Note(string sentence) => _lines.Add((nowUs(), sentence));

    public void Add(Operation operation)
    {
        _lines.Add((nowUs(), operation));
        _operations.Add(operation);
    }

    /// <summary>The lines that a reader needs: those of some operations, and every disturbance.</summary>
    public IEnumerable<string> Lines(IReadOnlySet<int>? operations = null) => _lines
        .Where(line => line.What is not Operation operation || operations?.Contains(operation.Number) != false)
        .Select(line => line.What is Operation operation ? operation.ToString() : string.Create(
            CultureInfo.InvariantCulture,
            $"      {line.AtUs / 1e6,9:F3} s  {$"{line.What}".ReplaceLineEndings(" ")}"));
}
