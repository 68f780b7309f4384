using System.Globalization;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Links the entries of accounts anew, in the order of their rows, and compares.</summary>
internal sealed class ChainCheck
{
    private readonly Dictionary<Guid, EntryTail> _tails = [];
    private readonly Dictionary<Guid, string> _findings = [];

    /// <summary>One for an account whose entries do not know each other.</summary>
    public IEnumerable<string> Findings => _findings.OrderBy(finding => finding.Key).Select(finding => finding.Value);

    /// <summary>Takes the next entry.</summary>
    public void Add(in Link link)
    {
        if (!_tails.TryGetValue(link.AccountId, out var tail)) _tails.Add(link.AccountId, tail = new EntryTail([]));
        var (previous, jump) = tail.Append(link.Version, link.Row);
        if ((previous, jump) == (link.Previous, link.Jump)) return;
        _findings.TryAdd(link.AccountId, string.Create(CultureInfo.InvariantCulture,
            $"Account {link.AccountId}: entry {link.Version} leads to rows {link.Previous} and {link.Jump}, " +
            $"but its earlier entries are in {previous} and {jump}."));
    }

    /// <summary>What is wrong with the rows that an account keeps; null when they are those of its tail.</summary>
    public string? Check(Guid account, ReadOnlySpan<byte> packed)
    {
        Span<byte> whole = stackalloc byte[EntryTail.MostBytes];
        var expected = _tails.TryGetValue(account, out var tail) ? tail.Pack(whole) : default;
        return packed.SequenceEqual(expected) ? null : $"Account {account} does not say where its newest entries are.";
    }

    /// <summary>An entry's key, its row, and the rows that it knows.</summary>
    public readonly record struct Link(Guid AccountId, long Version, long Row, long Previous, long Jump);
}
