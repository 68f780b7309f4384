using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>
/// Bugs of src/Tideline/Queries. What the cache holds proves its own freshness, so a cache that is filled or emptied
/// wrongly gives no wrong answer, and stands for no bug here.
/// </summary>
internal static class QueryMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "session-read-does-not-wait",
            File = "Queries/ViewFreshness.cs",
            Find = """_ => await WaitAsync(""",
            Replace = """_ => Planted.Is("session-read-does-not-wait") || await WaitAsync(""",
            What = "A read at a token is answered by the view, whatever that holds.",
            How = "A read at the token of a write, at once.",
            Laws = "I10",
            IsFrequent = true,
        },
        new()
        {
            Name = "bound-ignored",
            File = "Queries/ViewFreshness.cs",
            Find = """ConsistencyLevel.Bounded => projector.LagMs() <= consistency.BoundMs,""",
            Replace = """
                ConsistencyLevel.Bounded => Planted.Is("bound-ignored") || projector.LagMs() <= consistency.BoundMs,
                """,
            What = "A bounded read is answered by the view, however old that is.",
            How = "The view store stays away for longer than the bound, then answers a read before it catches up.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "strong-read-from-views",
            File = "Queries/ViewFreshness.cs",
            Find = """ConsistencyLevel.Strong => false,""",
            Replace = """
                ConsistencyLevel.Strong => Planted.Is("strong-read-from-views") && projector.LagMs() < 1_000,
                """,
            What = "A strong read is answered by a view that is less than a second behind.",
            How = "A strong read right after a write.",
            Laws = "I10",
            IsFrequent = true,
        },
        new()
        {
            Name = "token-off-by-one-in-cache",
            File = "Queries/FreshnessProof.cs",
            Find = """Positions[position.Shard] < position.Seq""",
            Replace = """
                Positions[position.Shard] < position.Seq - (Kernel.Planted.Is("token-off-by-one-in-cache") ? 1 : 0)
                """,
            What = "A cached document may lack the event that the token names.",
            How = "A customer is read, written to, and read again at the token of the write.",
            Laws = "I10",
            IsFrequent = true,
        },
        new()
        {
            Name = "bound-ignored-in-cache",
            File = "Queries/FreshnessProof.cs",
            Find = """return StalenessMs(nowUs) < consistency.BoundMs;""",
            Replace = """
                return Kernel.Planted.Is("bound-ignored-in-cache") || StalenessMs(nowUs) < consistency.BoundMs;
                """,
            What = "A bounded read is answered by a cached document of any age.",
            How = "An invalidation is lost or late, and a bounded read follows after the bound.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "begun-anew-is-shown",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """is not { HasCustomerEvent: true } customer)""",
            Replace = """
                is not { } customer
                            || !(customer.HasCustomerEvent || Kernel.Planted.Is("begun-anew-is-shown")))
                """,
            What = "A document that somebody deleted, and that a new account began anew, is shown without the others.",
            How = "Somebody deletes the document, the customer opens another account, and is read before a repair.",
            Laws = "I10",
            Focus = RunFocus.Letters,
            NotFoundYet = "The customer must open an account after the deletion and be read within a bound before the "
                + "next event of another account. ConsistentReadTests do it.",
        },
        new()
        {
            Name = "lost-list-is-believed",
            File = "Queries/ViewFreshness.cs",
            Find = """if (stored[shard].Seq < stand.Positions[shard]) throw Replaced();""",
            Replace = """
                if (stored[shard].Seq < stand.Positions[shard] && !Planted.Is("lost-list-is-believed"))
                                throw Replaced();
                """,
            What = "A list is answered from a view store that has just lost what it held.",
            How = "The views are lost under a running process, and a list is read before the projector notices.",
            Laws = "I10",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "address-search-is-not-fresh",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """RequireAsync(consistency, () => RequireNoneWaitsAsync(email, cancel), cancel);""",
            Replace = """
                RequireAsync(
                            Planted.Is("address-search-is-not-fresh") ? ReadConsistency.Eventual : consistency,
                            () => RequireNoneWaitsAsync(email, cancel), cancel);
                """,
            What = "A search by e-mail address is answered by the view, whatever that holds.",
            How = "A strong search by address, while the views are behind.",
            Laws = "I10",
        },
        new()
        {
            Name = "search-ignores-words",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """string.IsNullOrEmpty(words) ? null : words""",
            Replace = """string.IsNullOrEmpty(words) || Planted.Is("search-ignores-words") ? null : words""",
            What = "A search of movements answers with all of them.",
            How = "A search with a word.",
            Laws = "model",
        },
    ];
}
