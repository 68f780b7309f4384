using System.Text;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Checks that every store holds the history: the rows, the log and the views; and asks the product itself.
/// </summary>
internal sealed class StoreChecks(SimulatedBank bank, Clients clients, BankModel model, Violations violations)
{
    /// <param name="facts">The events of all shards.</param>
    /// <param name="isLogWhole">Whether the log holds nothing else, as it does after a restore of the ledger.</param>
    public async Task RunAsync(List<Fact> facts, bool isLogWhole = true)
    {
        CheckRows();
        if (isLogWhole)
        {
            CheckLog(facts);
            CheckAnnouncements();
        }

        await CheckViewsAsync();
        var verified = await clients.AskAsync(
            OperationKind.Resolve, "GET", "/v1/ops/consistency?deep=true", isPatient: true);
        if (verified.Status != 200 || verified.Answer.GetProperty("ok").GetBoolean() is false)
            violations.Add("verify", $"verify --deep: {verified.Status} {verified.Json}");
    }

    private void CheckRows()
    {
        var sums = new Dictionary<string, Int128>();
        var rows = new HashSet<Guid>();
        for (var shard = 0; shard < bank.Disks.Ledger.Map.Shards; shard++)
        {
            if (bank.Disks.Ledger.RepeatedUs(shard) is { } timeUs)
                violations.Add("model", $"Two batches of shard {shard} have the time {timeUs} µs");
            foreach (var row in bank.Disks.Ledger.DurableAccounts(shard))
            {
                sums[row.Currency.Code] = sums.GetValueOrDefault(row.Currency.Code) + row.PostedMinor;
                if (row.CustomerId == Guid.Empty) continue;
                rows.Add(row.Id);
                if (!model.Accounts.TryGetValue(row.Id, out var account))
                    violations.Add("I16", $"Account {row.Id} has a row and no event");
                else if ((row.PostedMinor, row.PendingOutMinor, row.Version, row.EntryVersion, row.ReturnableMinor)
                    != (account.Now.PostedMinor, account.Now.HeldMinor, account.Now.Version, account.Now.Entries, 0L))
                    violations.Add("I16", $"Account {row.Id} has posted {row.PostedMinor}, held {row.PendingOutMinor}, "
                        + $"version {row.Version}, {row.EntryVersion} entries, returnable {row.ReturnableMinor}; "
                        + $"the model has {account.Now}");
            }
        }

        foreach (var (currency, sum) in sums)
            if (sum != 0) violations.Add("I1", $"The balances in {currency} add up to {sum}");
        foreach (var id in model.Accounts.Keys)
            if (!rows.Contains(id)) violations.Add("I16", $"Account {id} has events and no row");
        foreach (var (id, hold) in model.Holds)
            if (hold.IsOpen && bank.Disks.Ledger.HoldExpiryUs(id) is { } expiryUs
                && expiryUs + OpponentLimits.ExpiryGraceUs < bank.ServerUs)
                violations.Add("I6", $"Hold {id} outlived its expiry");
    }

    // The log holds what left the ledger: each event once, in order, as it is there. A run ends long before retention.
    private void CheckLog(List<Fact> facts)
    {
        foreach (var shard in facts.GroupBy(fact => fact.Shard))
        {
            var published = bank.Disks.Log.RecordsOf("account.events", shard.Key)
                .Select(record => (record.SourceSeq, record.Type, record.Subject, record.TimeUs,
                    Encoding.UTF8.GetString(record.Data.Span))).ToList();
            var events = bank.Disks.Ledger.DurableEvents(shard.Key)
                .Select(happened => (
                    happened.Position.Seq, EventTypes.All.First(kind => kind.Type == happened.Type).Name,
                    happened.Subject, happened.TimeUs, Encoding.UTF8.GetString(happened.Data.Span))).ToList();
            if (!published.SequenceEqual(events))
                violations.Add("I7", $"account.events of shard {shard.Key} holds {published.Count} of {events.Count} "
                    + $"events, or others: {string.Join(' ', published.Except(events).Take(3))}");
        }
    }

    // Of what is in the views, a source announces nothing twice and leaves nothing out. A new one, as after a log was
    // lost, or where two processes announce for the first time at once, may begin again.
    private void CheckAnnouncements()
    {
        for (var shard = 0; shard < bank.Disks.Ledger.Map.Shards; shard++)
        {
            var said = new List<(string Source, long Through)>();
            foreach (var record in bank.Disks.Log.RecordsOf("customer.events", shard))
            {
                using var announced = JsonDocument.Parse(record.Data);
                var from = announced.RootElement.GetProperty("fromSeq").GetInt64();
                var isNew = said.TrueForAll(each => each.Source != record.Source);
                if (said is [.., var last] && from != last.Through + 1 && !(isNew && from == 1))
                    violations.Add("I7", $"customer.events of shard {shard} goes on from {last} with {from} of "
                        + $"{record.Source} {record.SourceSeq}");
                said.Add((record.Source, announced.RootElement.GetProperty("throughSeq").GetInt64()));
            }
        }
    }

    private async Task CheckViewsAsync()
    {
        foreach (var customer in model.Customers.Keys)
        {
            var view = await clients.AskAsync(OperationKind.Resolve, "GET", $"/v1/customers/{customer}", "eventual");
            if (view.Status != 200)
            {
                violations.Add("I8", $"Customer {customer} is not in the views: {view.Status}", view);
                continue;
            }

            // At the end the views hold everything, and answer.
            if (view.ServedBy is not ("view" or "cache"))
                violations.Add("I8", $"The {view.ServedBy} answers for customer {customer}, not the views", view);
            var shown = view.Answer.GetProperty("accounts").EnumerateArray()
                .ToDictionary(account => account.GetProperty("accountId").GetGuid());
            foreach (var account in model.Accounts.Values.Where(account => account.Customer == customer))
            {
                if (!shown.TryGetValue(account.Id, out var row)
                    || row.GetProperty("version").GetInt64() != account.Now.Version
                    || row.GetProperty("status").GetString() != account.Now.Status
                    || Amount(row, "posted") != account.Now.PostedMinor || Amount(row, "held") != account.Now.HeldMinor
                    || Amount(row, "overdraftLimit") != account.Now.OverdraftMinor)
                    violations.Add("I8", $"The view of account {account.Id} is not {account.Now}", view);
            }

            foreach (var id in shown.Keys.Where(id => !model.Accounts.ContainsKey(id)))
                violations.Add("I8", $"The view has account {id}, which does not exist", view);
        }
    }

    private static long Amount(JsonElement row, string field) => Amounts.Parse(row.GetProperty(field).GetString()!);
}
