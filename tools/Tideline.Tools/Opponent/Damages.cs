using System.Text;
using System.Text.RegularExpressions;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Tools.Opponent;

/// <summary>
/// What somebody with a database tool does to the documents of the views: damages, removes, edits, puts them back.
/// </summary>
internal sealed partial class Damages(ViewDisk views)
{
    private static readonly string[] Names = ["customers", "analytics", "transactions"];

    private readonly List<Damaged> _all = [];

    /// <summary>The documents to be mended, as an operator names them.</summary>
    public IEnumerable<(string Projection, string Key)> Keys =>
        _all.Select(each => (each.Projection, each.Key)).Distinct();

    /// <summary>Those that are not as the program wrote them now, or are gone.</summary>
    public IEnumerable<Damaged> Standing => _all.Where(each =>
        views.Published(each.Name) is { } there && IsStanding(views.Row(there, each.Id), each));

    /// <summary>Those that may be wrong: also where events were folded since into what was edited or removed.</summary>
    public IEnumerable<Damaged> Doubtful =>
        _all.Where(each => each.IsRemoved || each.Json is not null).Concat(Standing).Distinct();

    /// <summary>
    /// Damages or removes a document so that nothing wrong can be read from it; null: there is none yet.
    /// </summary>
    public Damaged? Damage(SeededRandom random)
    {
        var name = Names[random.Below(Names.Length)];
        if (Choose(name, random) is not var (there, row)) return null;
        // What is gone of a list is missed by its readers.
        var damaged = new Damaged(name, row.Id, KeyOf(name, row))
        {
            IsRemoved = name != "transactions" && random.Percent(25),
        };
        if (damaged.IsRemoved) views.Remove(there, row.Id);
        else views.Damage(there, row.Id, "another program wrote over it (simulated)");
        _all.Add(damaged);
        return damaged;
    }

    /// <summary>Puts a damaged document back as it was.</summary>
    public void PutBack(Damaged damaged)
    {
        if (views.Published(damaged.Name) is { } there) views.Heal(there, damaged.Id);
    }

    /// <summary>Edits a document into a sound one with other content; nobody may read it any more.</summary>
    public Damaged? Edit(SeededRandom random)
    {
        var name = Names[random.Below(Names.Length)];
        if (Choose(name, random) is not var (there, row) || row.Damage is not null) return null;
        var json = Encoding.UTF8.GetString(row.Json.Span);
        var edited = Amount().Replace(json, match => match.Groups[2].Value == "0"
            ? $"{match.Groups[1].Value}7" : $"{match.Groups[1].Value}{match.Groups[2].Value}7", 1);
        if (edited == json) return null;
        views.Edit(there, row.Id, _ => Encoding.UTF8.GetBytes(edited));
        var damaged = new Damaged(name, row.Id, KeyOf(name, row)) { Json = edited };
        _all.Add(damaged);
        return damaged;
    }

    private (string Collection, ViewRow Row)? Choose(string name, SeededRandom random)
    {
        if (views.Published(name) is not { } there || views.IdsOf(there) is not { Count: > 0 } ids) return null;
        return (there, views.Row(there, ids[random.Below(ids.Count)])!);
    }

    private static bool IsStanding(ViewRow? row, Damaged damaged) => row is null || row.Damage is not null
        || (damaged.Json is not null && Encoding.UTF8.GetString(row.Json.Span) == damaged.Json);

    // A movement belongs to its customer.
    private static string KeyOf(string name, ViewRow row)
    {
        if (name != "transactions") return row.Id;
        using var json = System.Text.Json.JsonDocument.Parse(row.Json);
        return json.RootElement.GetProperty("customerId").GetString()!;
    }

    [GeneratedRegex("""("(?:postedMinor|amountMinor|inMinor|outMinor)":)(-?\d+)""")]
    private static partial Regex Amount();
}

/// <summary>A document that was damaged.</summary>
/// <param name="Name">The stable name of its collection.</param>
/// <param name="Id">Its id.</param>
/// <param name="Key">The key under which an operator repairs it.</param>
internal sealed record Damaged(string Name, string Id, string Key)
{
    /// <summary>The projection that it belongs to.</summary>
    public string Projection => Name == "analytics" ? Name : "customers";

    /// <summary>Whether it was removed: the next event may begin another one in its place.</summary>
    public bool IsRemoved { get; init; }

    /// <summary>The JSON that it was given; null: none.</summary>
    public string? Json { get; init; }

    public override string ToString() => $"'{Id}' of {Name}";
}
