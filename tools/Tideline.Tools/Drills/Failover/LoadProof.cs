using Tideline.Ledger;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Failover;

/// <summary>What the books hold at the end of a drill against what its clients were answered.</summary>
internal sealed record LoadProof(int Answered, int AskedAgain,
    int Lost, int Otherwise, int Repeats, IReadOnlyList<string> Differences, IReadOnlyList<string> Broken)
{
    private const int Most = 400;
    private const long FundsMinor = 100_000_000;

    /// <summary>Reads the books of an installation that others run on, and sends some transfers once more.</summary>
    public static async Task<LoadProof> ReadAsync(
        FailoverLoad load, Installation installation, SeededRandom random, CancellationToken cancel)
    {
        await using var store = await installation.OpenLedgerAsync(cancel);
        var books = Enumerable.Range(0, installation.Shards).Select(store.OpenReader).ToArray();
        var proof = await ReadAsync(load, books, random, cancel);
        foreach (var book in books) await book.DisposeAsync();
        return proof;
    }

    /// <summary>Reads the books and sends some transfers once more.</summary>
    public static async Task<LoadProof> ReadAsync(
        FailoverLoad load, IReadOnlyList<IShardReader> books, SeededRandom random, CancellationToken cancel)
    {
        var (lost, otherwise) =
            (await load.LostAsync(books, cancel), await load.RepeatedOtherwiseAsync(Most, random, cancel));
        var broken = new List<string>();
        for (var shard = 0; shard < books.Count; shard++)
        {
            broken.AddRange(await books[shard].FindBrokenBalancesAsync(10, cancel));
            broken.AddRange((await books[shard].GetTotalsAsync(cancel)).Where(total => total.PostedMinor != 0)
                .Select(total => $"shard {shard}: {total.Currency.Code} adds up to {total.PostedMinor}"));
        }

        return new LoadProof(load.Answered, load.AskedAgain, lost,
            otherwise, Math.Min(Most, load.Answered), await load.DifferencesAsync(books, FundsMinor, cancel), broken);
    }

    public IEnumerable<Figure> Figures =>
    [
        new("acknowledged", Answered, "transfers"), new("asked again", AskedAgain, "requests"),
        new("lost", Lost, "transfers", Target: Target.Max(0)),
        new("answered otherwise when sent again", Otherwise, "transfers", Target: Target.Max(0)),
    ];

    public IEnumerable<Check> Checks =>
    [
        new Check("I3 nothing acknowledged is lost",
            Lost == 0, $"{Answered} acknowledged transfers, {Lost} of them not in the books"),
        new Check("I3 nothing happened twice, and nothing that was not acknowledged in the end",
            Differences.Count == 0, Differences.Count == 0
            ? "every balance is what was answered, to the cent"
            : string.Join("; ", Differences.Take(3))),
        new Check("I4 same key, same outcome", Otherwise == 0, $"{Repeats} repeats, {Otherwise} answered otherwise"),
        new Check("I1, I2 the books are sound", Broken.Count == 0, Broken.Count == 0
            ? "sums are zero, balances are the fold of their entries"
            : string.Join("; ", Broken.Take(3))),
    ];
}
