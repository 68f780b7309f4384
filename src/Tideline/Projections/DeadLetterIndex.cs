using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>Which letters wait, in memory: their places only; what they say stays on the topic.</summary>
internal sealed class DeadLetterIndex
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public int Count => _entries.Count;

    public IReadOnlyList<BlockedKey> Keys => [.. _entries.Select(each => new BlockedKey(
        each.Key, each.Value.Letters.Count, each.Value.SinceUs, each.Value.Reason)).OrderBy(key => key.SinceUs)];

    public bool Contains(string key) => _entries.ContainsKey(key);

    public bool Contains(string key, Position position) => _entries.TryGetValue(key, out var entry)
        && entry.Positions.Contains(position);

    public IReadOnlyList<Letter> LettersOf(string key) => _entries.TryGetValue(key, out var entry) ? [.. entry.Letters]
        : [];

    /// <summary>Adds a letter, once.</summary>
    public void Add(string key, Letter letter, long timeUs, string reason)
    {
        if (Contains(key, letter.Position)) return;
        if (!_entries.TryGetValue(key, out var entry)) _entries[key] = entry = new Entry(timeUs, reason);
        entry.Letters.Add(letter);
        entry.Positions.Add(letter.Position);
    }

    public void Settle(string key, Letter letter)
    {
        if (!_entries.TryGetValue(key, out var entry)) return;
        entry.Letters.Remove(letter);
        entry.Positions.Remove(letter.Position);
        if (entry.Letters.Count == 0) _entries.Remove(key);
    }

    /// <summary>Takes off what these offsets settle.</summary>
    public void Settle(Dictionary<string, Dictionary<int, long>> settled)
    {
        foreach (var (key, ofKey) in settled)
        {
            foreach (var letter in LettersOf(key))
            {
                if (ofKey.TryGetValue(letter.Position.Shard, out var through) && letter.Offset <= through)
                    Settle(key, letter);
            }
        }
    }

    /// <summary>The offset of the first letter of a shard that waits; null when none does.</summary>
    public long? FirstOffset(int shard)
    {
        var offsets = _entries.Values.SelectMany(entry => entry.Letters)
            .Where(letter => letter.Position.Shard == shard).Select(letter => letter.Offset);
        return offsets.Select(offset => (long?)offset).Min();
    }

    /// <summary>
    /// The place of a letter: the event's position, and its offset on the shard's partition of the topic.
    /// </summary>
    internal readonly record struct Letter(Position Position, long Offset);

    private sealed record Entry(long SinceUs, string Reason)
    {
        public List<Letter> Letters { get; } = [];

        public HashSet<Position> Positions { get; } = [];
    }
}
