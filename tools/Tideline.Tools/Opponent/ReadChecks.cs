using System.Text.Json;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Checks the answers to reads: each shows a state that the bank had, never one older than was asked for, and never one
/// that was not durable (I8, I10).
/// </summary>
internal sealed class ReadChecks(BankModel model, RunLog log, bool hasClocks, Violations violations)
{
    private Dictionary<Guid, string> Emails => field ??= log.Operations
        .Where(operation => operation is { Kind: OperationKind.CreateCustomer, Ending: Ending.Ok })
        .DistinctBy(operation => operation.Id("customerId"))
        .ToDictionary(operation => operation.Id("customerId"), operation =>
            JsonDocument.Parse(operation.Body!).RootElement.GetProperty("email").GetString()!);

    public void Run()
    {
        foreach (var read in log.Operations)
        {
            switch (read.Kind)
            {
                case OperationKind.ReadAccount when read.Status is 200 or 404: CheckAccount(read); break;
                case OperationKind.ReadHold when read.Status is 200 or 404: CheckHold(read); break;
                case OperationKind.ReadEntries when read.Status == 200: CheckEntries(read); break;
                case OperationKind.ReadBalance when read.Status == 200: CheckBalance(read); break;
                case OperationKind.ReadCustomer when read.Status is 200 or 404: CheckCustomer(read); break;
                case OperationKind.FindCustomers when read.Status == 200: CheckFound(read); break;
                case OperationKind.ReadMovements when read.Status == 200:
                    new MovementChecks(model, violations, BoundHeads, hasClocks).Check(read);
                    break;
                case OperationKind.ReadStatement when read.Status == 200: CheckStatement(read); break;
                case OperationKind.Verify when read.Status == 200: CheckVerified(read); break;
                case OperationKind.ReadTransfer when read.Status == 200: CheckTransfer(read); break;
                case OperationKind.ReadByKey when read.Status is 200 or 404: CheckByKey(read); break;
            }
        }
    }

    private void CheckAccount(Operation read)
    {
        if (!model.Accounts.TryGetValue(read.Subject, out var account))
        {
            if (read.Status == 200) Report("model", "There is no such account", read);
        }
        else if (read.Status == 404)
        {
            if (account.States[0].Fact.Seq <= read.HeadsBefore[account.Shard])
                Report("I10", "A strong read did not find an account that was there", read);
        }
        else
        {
            var version = read.Answer.GetProperty("version").GetInt64();
            CheckState(account, version, read, isStrong: true);
            if (account.At(version) is { } state) CheckFields(state, read.Answer, read);
        }
    }

    // The version existed when the read ended, and a strong read sees all that was durable when it began.
    private void CheckState(ModelAccount account, long version, Operation read, bool isStrong)
    {
        if (account.At(version) is not { } state)
            Report("model", $"Account {account.Id} never had version {version}", read);
        else if (state.Fact.Seq > read.HeadsAfter[account.Shard])
            Report("I10", $"The read shows what was not durable: {state.Fact}", read);
        else if (isStrong && account.IsReplaced(state, read.HeadsBefore[account.Shard]))
            Report(
                "I10", $"A strong read shows version {version}, and {account.At(version + 1)!.Fact} was durable", read);
    }

    private void CheckFields(AccountState state, JsonElement shown, Operation read)
    {
        if ((Amount(shown, "posted"), Amount(shown, "held"), Amount(shown, "available"),
                shown.GetProperty("status").GetString())
            != (state.PostedMinor, state.HeldMinor, state.AvailableMinor, state.Status))
            Report("model", $"At version {state.Version} the account was {state}", read);
    }

    private void CheckHold(Operation read)
    {
        if (!model.Holds.TryGetValue(read.Hold, out var hold)) return;
        var shard = hold.Placed.Shard;
        if (read.Status == 404)
        {
            if (hold.Placed.Seq <= read.HeadsBefore[shard]) Report("I10", "A strong read did not find the hold", read);
            return;
        }

        var remaining = read.Minor("remaining");
        var isSeen = hold.States.Where((state, at) => state.RemainingMinor == remaining
            && state.By.Seq <= read.HeadsAfter[shard]
            && (at + 1 == hold.States.Count || hold.States[at + 1].By.Seq > read.HeadsBefore[shard])).Any();
        if (!isSeen) Report("I10", "The hold never had this remainder while the read was open", read);
    }

    private void CheckEntries(Operation read)
    {
        if (!model.Accounts.TryGetValue(read.Subject, out var account)) return;
        var entries = account.States.Where(state => state.Fact.Number("entryVersion") > 0).ToList();
        var items = read.Answer.GetProperty("items").EnumerateArray().ToList();
        var newest = items.Count == 0 ? 0 : items[0].GetProperty("version").GetInt64();
        if (entries.Exists(entry => entry.Entries > newest && entry.Fact.Seq <= read.HeadsBefore[account.Shard]))
            Report("I10", $"A strong read ends at entry {newest}, and a later one was durable", read);
        foreach (var (item, version) in items.Select((item, at) => (item, newest - at)))
        {
            var entry = entries.Find(entry => entry.Entries == version);
            if (entry is null || entry.Fact.Seq > read.HeadsAfter[account.Shard]
                || item.GetProperty("version").GetInt64() != version
                || item.GetProperty("transactionId").GetGuid() != entry.Fact.Id("transactionId")
                || Amount(item, "amount") != entry.Fact.Number("amountMinor")
                || Amount(item, "balance") != entry.PostedMinor)
                Report("I2", $"Entry {version} is not that of the ledger: {entry?.Fact}", read);
        }
    }

    // As of a time the balance is what all entries up to it add up to, whenever it is asked.
    private void CheckBalance(Operation read)
    {
        if (!model.Accounts.TryGetValue(read.Subject, out var account)) return;
        var atUs = Us(read.Text("at"));
        var state = account.States.LastOrDefault(state => state.Fact.TimeUs <= atUs);
        if (read.Minor("balance") != (state?.PostedMinor ?? 0))
            Report("I2", $"As of that time the balance was {state?.PostedMinor ?? 0}: {state?.Fact}", read);
        if (!read.Target.Contains('?', StringComparison.Ordinal) && state is not null
            && account.IsReplaced(state, read.HeadsBefore[account.Shard]))
            Report("I10", $"The present balance is older than {account.At(state.Version + 1)!.Fact}", read);
    }

    private void CheckCustomer(Operation read)
    {
        if (read.Status == 200)
        {
            CheckShown(read, read.Subject, read.Answer);
            return;
        }

        if (model.Customers.TryGetValue(read.Subject, out var created))
            CheckMissing(read, read.Subject, created, AccountsOf(read.Subject));
    }

    private List<ModelAccount> AccountsOf(Guid customer) =>
        [.. model.Accounts.Values.Where(account => account.Customer == customer)];

    // Everybody with the address, each as a read of the customer alone would show it.
    private void CheckFound(Operation read)
    {
        var shown = read.Answer.GetProperty("items").EnumerateArray()
            .ToLookup(customer => customer.GetProperty("customerId").GetGuid());
        foreach (var stranger in shown.Where(each => !model.Customers.ContainsKey(each.Key)))
            Report("model", $"Customer {stranger.Key} does not exist", read);
        foreach (var (customer, created) in model.Customers)
        {
            var isOne = Emails.GetValueOrDefault(customer) == read.Word;
            if (!isOne && shown.Contains(customer)) Report("model", $"Customer {customer} has another address", read);
            if (shown[customer].Count() > 1) Report("I8", $"Customer {customer} is listed twice", read);
            foreach (var document in shown[customer]) CheckShown(read, customer, document);
            if (isOne && !shown.Contains(customer) && read.Answer.GetProperty("nextCursor").ValueKind
                == JsonValueKind.Null && !log.AreViewsTouched(read))
                CheckMissing(read, customer, created, AccountsOf(customer));
        }
    }

    private void CheckShown(Operation read, Guid customer, JsonElement document)
    {
        var (accounts, isStrong) = (AccountsOf(customer), read.Consistency == "strong");
        var shown = document.GetProperty("accounts").EnumerateArray()
            .ToDictionary(account => account.GetProperty("accountId").GetGuid());
        foreach (var account in accounts)
        {
            if (shown.Remove(account.Id, out var view))
            {
                var version = view.GetProperty("version").GetInt64();
                CheckState(account, version, read, isStrong);
                CheckBound(account, version, read);
                if (account.At(version) is { } state) CheckFields(state, view, read);
                if (NeedsOf(read, account) is { } needed && version < needed)
                    Report("I10", $"Version {version} of account {account.Id} is older than the token", read);
            }
            else if (isStrong && account.States[0].Fact.Seq <= read.HeadsBefore[account.Shard])
            {
                Report("I10", $"A strong read lacks account {account.Id}", read);
            }
            else if (BoundHeads(read) is { } heads && account.States[0].Fact.Seq <= heads[account.Shard])
            {
                Report("I10", $"The read lacks account {account.Id}, which is older than the bound", read);
            }
            else if (NeedsOf(read, account) is not null)
            {
                Report("I10", $"The read lacks account {account.Id}, which the token names", read);
            }
        }

        foreach (var stranger in shown.Keys) Report("model", $"Account {stranger} is not of this customer", read);
    }

    // The customer was not found. Where somebody removes documents, only the ledger can say that.
    private void CheckMissing(
        Operation read, Guid customer, (int Shard, long Seq) created, List<ModelAccount> accounts)
    {
        if (read.Consistency == "strong" && created.Seq <= read.HeadsBefore[created.Shard])
            Report("I10", "A strong read did not find a customer that was there", read);
        if (log.AreViewsTouched(read)) return;
        if (BoundHeads(read) is { } heads && created.Seq <= heads[created.Shard])
            Report("I10", "A bounded read did not find a customer that is older than the bound", read);
        var isNamed = read is { Consistency: "session", After: { Kind: OperationKind.CreateCustomer } after }
            && after.Id("customerId") == customer;
        if (isNamed || accounts.Exists(account => NeedsOf(read, account) is not null))
            Report("I10", "The read did not find the customer that the token names", read);
    }

    // What a bounded read must show: all that was durable so long before it began; null: it is none.
    private long[]? BoundHeads(Operation read)
    {
        if (hasClocks || !read.Consistency.StartsWith("bounded=", StringComparison.Ordinal)) return null;
        var boundMs = long.Parse(read.Consistency[8..], System.Globalization.CultureInfo.InvariantCulture);
        return log.HeadsAt(read.BeganUs - boundMs * 1_000);
    }

    private void CheckBound(ModelAccount account, long version, Operation read)
    {
        if (BoundHeads(read) is not { } heads) return;
        if (account.At(version) is { } state && account.IsReplaced(state, heads[account.Shard]))
            Report("I10", $"Version {version} of account {account.Id} is older than the bound", read);
    }

    // A statement of a period never changes, and holds exactly what was booked in it.
    private void CheckStatement(Operation read)
    {
        if (!model.Accounts.TryGetValue(read.Subject, out var account)) return;
        var (fromUs, toUs) = (Us(read.Text("from")), Us(read.Text("to")));
        var booked = account.States.Where(state => state.Fact.Number("entryVersion") > 0).ToList();
        var within = booked.Where(state => state.Fact.TimeUs >= fromUs && state.Fact.TimeUs < toUs).ToList();
        var opening = booked.LastOrDefault(state => state.Fact.TimeUs < fromUs)?.PostedMinor ?? 0;
        var closing = booked.LastOrDefault(state => state.Fact.TimeUs < toUs)?.PostedMinor ?? 0;
        var entries = read.Answer.GetProperty("entries").EnumerateArray().Select(entry => (
            entry.GetProperty("version").GetInt64(), Amount(entry, "amount"), Amount(entry, "balance")));
        if ((read.Minor("openingBalance"), read.Minor("closingBalance")) != (opening, closing)
            || !entries.SequenceEqual(within.Select(state =>
                (state.Entries, state.Fact.Number("amountMinor"), state.PostedMinor))))
            Report("I2", $"The statement holds entries {string.Join(' ', within.Select(state => state.Entries))}, from "
                + $"{opening} to {closing}", read);
    }

    internal static long Us(string time) =>
        (DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture)
            - DateTimeOffset.UnixEpoch).Ticks / 10;

    // The version of an account that the token of an earlier operation requires.
    internal static long? NeedsOf(Operation read, ModelAccount account)
    {
        if (read.Consistency != "session" || read.After is not { Ending: Ending.Ok } after) return null;
        // Of a transfer that is still running, the token names the debit; of a transaction, what it has reserved.
        if (after.Status == 202) return after.Kind == OperationKind.Transfer && account.Id == after.Subject
            ? account.States.FirstOrDefault(state => state.Fact.Id("sagaId") == after.Id("transferId"))?.Version : null;
        Guid[] ids = [after.Id("transactionId"), after.Id("transferId"), after.Id("holdId"), after.Id("accountId")];
        return account.States.LastOrDefault(state => state.Fact.Seq <= after.HeadsAfter[account.Shard]
            && ids.Any(id => id != Guid.Empty && (id == state.Fact.Id("transactionId") || id == state.Fact.Id("sagaId")
                || (id == state.Fact.Id("holdId") && state.Fact.Kind == "hold" && after.Kind == OperationKind.PlaceHold)
                || (id == account.Id && state.Version == 1))))?.Version;
    }

    private void CheckTransfer(Operation read)
    {
        var legs = model.Transactions.Values.SelectMany(facts => facts)
            .Where(fact => fact.Id("sagaId") == read.Subject).ToList();
        if (read.Text("status") == "settled"
            && !legs.Exists(leg => leg.Number("amountMinor") > 0 && leg.Seq <= read.HeadsAfter[leg.Shard]))
            Report("I10", "The transfer is shown as settled before its credit", read);
    }

    // Asked for by its key, as by somebody who had no answer: what was booked before is found, under its one id.
    private void CheckByKey(Operation read)
    {
        var asked = read.After!;
        var id = log.Operations.Where(each => each.Key == asked.Key && each.Body == asked.Body)
            .Select(each => each.Id("transferId")).FirstOrDefault(each => each != Guid.Empty);
        if (id == Guid.Empty) return;
        var isBooked = model.Transactions.Values.SelectMany(facts => facts).Any(fact =>
            (fact.Id("sagaId") == id || fact.Id("transactionId") == id) && fact.Seq <= read.HeadsBefore[fact.Shard]);
        if (read.Status == 404 && isBooked) Report("I4", $"Transfer {id} is not found by its key", read, asked);
        if (read.Status == 200 && read.Id("transferId") != id)
            Report("I4", $"Another transfer than {id} is found by its key", read, asked);
    }

    // Whatever is under way: what holds is found to hold, unless an engine did not answer or somebody broke the views.
    private void CheckVerified(Operation read)
    {
        foreach (var (name, finding) in Findings.Of(read))
        {
            if (!finding.Contains("(simulated)", StringComparison.Ordinal)
                && !finding.Contains("is retried", StringComparison.Ordinal)
                && !finding.Contains("cannot be read to the end", StringComparison.Ordinal)
                && !(log.AreViewsTouched(read) && name.StartsWith("I8 ", StringComparison.Ordinal))
                && !(log.AreTopicsTouched && finding.Contains("did not write", StringComparison.Ordinal)))
                Report("verify", $"{name}: {finding}", read);
        }
    }

    private void Report(string law, string sentence, params Operation[] reads) =>
        violations.Add(law, sentence, reads);

    private static long Amount(JsonElement of, string field) => Amounts.Parse(of.GetProperty(field).GetString()!);
}
