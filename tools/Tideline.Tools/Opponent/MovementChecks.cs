using System.Text.Json;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Checks a list of movements: each is one that was booked, and, if the list is whole, it holds all that its level asks
/// for.
/// </summary>
/// <param name="model">What happened.</param>
/// <param name="violations">Collects what breaks a law.</param>
/// <param name="boundHeads">What a bounded read must show, by shard; null: it is none.</param>
/// <param name="hasClocks">Whether clocks were wrong.</param>
internal sealed class MovementChecks(
    BankModel model, Violations violations, Func<Operation, long[]?> boundHeads, bool hasClocks)
{
    public void Check(Operation read)
    {
        var entries = model.Accounts.Values.Where(account => account.Customer == read.Subject)
            .SelectMany(account => account.States.Where(state => state.Fact.Number("entryVersion") > 0)
                .Select(state => (Account: account, State: state)))
            .GroupBy(entry => (entry.Account.Id, entry.State.Fact.Id("transactionId"), entry.State.PostedMinor))
            .ToDictionary(same => same.Key, same => same.ToList());
        var items = read.Answer.GetProperty("items").EnumerateArray().ToList();
        // Legs of a transaction may lead to the same balance again.
        var shown = new Dictionary<(Guid, Guid, long), int>();
        foreach (var item in items)
        {
            var key = (
                item.GetProperty("accountId").GetGuid(), item.GetProperty("transactionId").GetGuid(),
                Amount(item, "balance"));
            var count = shown[key] = shown.GetValueOrDefault(key) + 1;
            if (!entries.TryGetValue(key, out var same)) Report("I8", $"There is no such movement: {item}", read);
            else if (count > same.Count) Report("I8", $"A movement is listed twice: {item}", read);
            else if (same[count - 1].State.Fact.Seq > read.HeadsAfter[same[0].Account.Shard])
                Report("I10", $"The list shows what was not durable: {same[count - 1].State.Fact}", read);
            else if (!same.Exists(entry => IsSame(item, entry.Account, entry.State.Fact)))
                Report("I8", $"The movement was another one: {item} of {same[0].State.Fact}", read);
            var atUs = ReadChecks.Us(item.GetProperty("at").GetString()!);
            if ((read.AtUs > 0 && atUs > read.AtUs) || atUs < read.FromUs)
                Report("model", $"The movement is outside of the period of the list: {item}", read);
            if (!IsSearched(read, item.GetProperty("kind").GetString()!))
                Report("model", $"The movement is none that was searched for: {item}", read);
        }

        var times = items.Select(item => ReadChecks.Us(item.GetProperty("at").GetString()!)).ToList();
        if (!times.SequenceEqual(times.OrderDescending())) Report("I8", "The newest movement is not the first", read);
        if (read.Answer.GetProperty("nextCursor").ValueKind != JsonValueKind.Null) return;
        var bound = boundHeads(read);
        foreach (var (key, same) in entries)
        {
            var needed = same.Where(entry => IsSearched(read, entry.State.Fact.Kind)
                && IsNeeded(read, bound, entry.Account, entry.State)).ToList();
            if (shown.GetValueOrDefault(key) < needed.Count)
                Report("I10", $"A {read.Consistency} list lacks {needed[^1].State.Fact}", read);
        }
    }

    private static bool IsSearched(Operation read, string kind) =>
        kind.Contains(read.Word, StringComparison.OrdinalIgnoreCase);

    private static bool IsSame(JsonElement item, ModelAccount account, Fact fact)
    {
        var minor = fact.Number("amountMinor");
        return Amount(item, "amount") == minor && item.GetProperty("kind").GetString() == fact.Kind
            && item.GetProperty("direction").GetString() == (minor < 0 ? "out" : "in")
            && item.GetProperty("currency").GetString() == account.Currency;
    }

    private bool IsNeeded(Operation read, long[]? bound, ModelAccount account, AccountState state)
    {
        if ((read.AtUs > 0 && state.Fact.TimeUs > read.AtUs) || state.Fact.TimeUs < read.FromUs) return false;
        // A strong list up to a time never changes, whatever is under way, once the owner's clock has reached the time.
        return read.Consistency == "strong"
            ? (read.AtUs > 0 && !hasClocks) || state.Fact.Seq <= read.HeadsBefore[account.Shard]
            : read.Consistency == "session" ? state.Version <= ReadChecks.NeedsOf(read, account)
            : bound is not null && state.Fact.Seq <= bound[account.Shard];
    }

    private void Report(string law, string sentence, Operation read) => violations.Add(law, sentence, read);

    private static long Amount(JsonElement of, string field) => Amounts.Parse(of.GetProperty(field).GetString()!);
}
