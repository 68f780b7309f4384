namespace Tideline.Tools.Opponent;

/// <summary>
/// The bank as a plain dictionary: it folds the published events by rules of its own, in the order of each shard, and
/// says what each of them may be. It shares no code with the product.
/// </summary>
internal sealed class BankModel
{
    private readonly Dictionary<Guid, ModelAccount> _accounts = [];
    private readonly Dictionary<Guid, (int Shard, long Seq)> _customers = [];
    private readonly Dictionary<Guid, ModelHold> _holds = [];
    private readonly Dictionary<Guid, List<Fact>> _transactions = [];
    private readonly Dictionary<(Guid Saga, Guid Account), long> _reserved = [];
    private readonly Violations _violations;

    /// <param name="facts">The events of all shards, each shard in its order.</param>
    /// <param name="violations">Collects what breaks a law.</param>
    public BankModel(IEnumerable<Fact> facts, Violations violations)
    {
        _violations = violations;
        var heads = new Dictionary<int, (long Seq, long TimeUs)>();
        foreach (var fact in facts)
        {
            var (seq, timeUs) = heads.GetValueOrDefault(fact.Shard);
            if (fact.Seq != seq + 1) _violations.Add("I7", $"Event {seq + 1} of shard {fact.Shard} is missing: {fact}");
            if (fact.TimeUs < timeUs) _violations.Add("I7", $"The time of shard {fact.Shard} went back: {fact}");
            heads[fact.Shard] = (fact.Seq, fact.TimeUs);
            Apply(fact);
        }

        foreach (var account in _accounts.Values) CheckCovered(account.Now, null);
        foreach (var ((saga, account), held) in _reserved)
            if (held != 0) _violations.Add("I6", $"Transaction {saga} still holds {held} on account {account}");
    }

    /// <summary>The accounts of customers, by id.</summary>
    public IReadOnlyDictionary<Guid, ModelAccount> Accounts => _accounts;

    /// <summary>Where each customer was created.</summary>
    public IReadOnlyDictionary<Guid, (int Shard, long Seq)> Customers => _customers;

    /// <summary>The holds, by id.</summary>
    public IReadOnlyDictionary<Guid, ModelHold> Holds => _holds;

    /// <summary>The events in which money moved, by transaction.</summary>
    public IReadOnlyDictionary<Guid, List<Fact>> Transactions => _transactions;

    /// <summary>The events in which money moved for a saga.</summary>
    public IEnumerable<Fact> OfSaga(Guid saga) =>
        _transactions.Values.SelectMany(legs => legs).Where(fact => fact.Id("sagaId") == saga);

    private void Apply(Fact fact)
    {
        if (fact.Type == "CUSTOMER_CREATED")
        {
            if (!_customers.TryAdd(fact.Subject, (fact.Shard, fact.Seq)) || _accounts.ContainsKey(fact.Subject))
                _violations.Add("I15", $"The id has a thing already: {fact}");
            return;
        }

        if (fact.Type == "ACCOUNT_CREATED")
        {
            Open(fact);
            return;
        }

        if (!_accounts.TryGetValue(fact.Subject, out var account))
        {
            _violations.Add("model", $"There is no such account: {fact}");
            return;
        }

        var (before, now) = (account.Now, account.Now with { Fact = fact });
        CheckCovered(before, fact);
        var why = fact.Type switch
        {
            "BALANCE_UPDATED" => Change(before, now, fact),
            "TRANSACTION_RECORDED" or "ACCOUNT_DEBITED" or "ACCOUNT_CREDITED" => Move(before, now, fact),
            _ => "The model knows no such event",
        };
        if (why is not null) _violations.Add("model", $"{why}: {fact} on {before}");
        account.Add(now);
        Compare(now, fact);
    }

    private void Open(Fact fact)
    {
        if (_customers.ContainsKey(fact.Subject) || _accounts.ContainsKey(fact.Subject))
            _violations.Add("I15", $"The id has a thing already: {fact}");
        var iban = fact.Text("iban");
        if (iban.Length > 0 && _accounts.Values.Any(account => account.Iban == iban))
            _violations.Add("I15", $"The IBAN has an account already: {fact}");
        var opened = new ModelAccount(fact.Subject, fact.Id("customerId"), fact.Text("currency"), iban);
        opened.Add(new AccountState(fact) { Status = "open", OverdraftMinor = fact.Number("overdraftLimitMinor") });
        _accounts[fact.Subject] = opened;
        Compare(opened.Now, fact);
    }

    // No money moves.
    private string? Change(AccountState before, AccountState now, Fact fact)
    {
        switch (fact.Kind)
        {
            case "hold" or "release" when fact.Id("holdId") == Guid.Empty:
                return Reserve(before, now, fact);
            case "hold":
                var amount = fact.Number("heldMinor") - before.HeldMinor;
                now.HeldMinor += amount;
                if (!_holds.TryAdd(fact.Id("holdId"), new ModelHold(fact, amount))) return "The hold exists already";
                return amount <= 0 ? "A hold must hold something"
                    : before.Status != "open" ? "The account is not open"
                    : amount > before.AvailableMinor ? "The account does not have so much" : null;
            case "release" or "expiry":
                if (!_holds.TryGetValue(fact.Id("holdId"), out var hold)) return "There is no such hold";
                if (!hold.IsOpen) return "The hold has ended";
                now.HeldMinor -= hold.RemainingMinor;
                hold.End(fact);
                return null;
            case "status":
                now.Status = fact.Text("status");
                return before.Status == now.Status || before.Status == "closed" ? "The status cannot change so"
                    : now.Status == "closed" && (before.PostedMinor, before.HeldMinor) != (0, 0)
                        ? "An account closes empty" : null;
            case "suspense":
                return "Money could not be returned to its owner";
            default:
                return $"The model knows no change '{fact.Kind}'";
        }
    }

    // A transaction across shards holds the money of its debits until it is booked or given up.
    private string? Reserve(AccountState before, AccountState now, Fact fact)
    {
        var key = (fact.Id("sagaId"), fact.Subject);
        var amount = fact.Number("heldMinor") - before.HeldMinor;
        now.HeldMinor += amount;
        var held = _reserved[key] = _reserved.GetValueOrDefault(key) + amount;
        if (fact.Kind == "release") return held == 0 && amount < 0 ? null : "It does not release what it held";
        return amount <= 0 || held != amount ? "It holds money twice"
            : before.Status != "open" ? "The account is not open"
            : amount > before.AvailableMinor ? "The account does not have so much" : null;
    }

    private string? Journal(AccountState before, AccountState now, Fact fact, long amount)
    {
        var key = (fact.Id("sagaId"), fact.Subject);
        if (_reserved.TryGetValue(key, out var held) && held > 0)
        {
            var used = before.HeldMinor - fact.Number("heldMinor");
            now.HeldMinor -= used;
            _reserved[key] = held - used;
            return used < 0 || used > held ? "It uses up another amount than it held" : null;
        }

        // The last leg on an account must leave it covered: see CheckCovered. A credit that was announced may arrive
        // at a frozen account.
        return fact.Id("sagaId") == Guid.Empty ? RequireOpen(before) : null;
    }

    // Several legs of one transaction count together.
    private void CheckCovered(AccountState last, Fact? next)
    {
        if (last.Fact.Kind == "journal" && last.AvailableMinor < 0 && last.IsDebited
            && next?.Id("transactionId") != last.Fact.Id("transactionId"))
            _violations.Add("I5", $"The transaction leaves {last}: {last.Fact}");
    }

    private string? Move(AccountState before, AccountState now, Fact fact)
    {
        var amount = fact.Number("amountMinor");
        now.PostedMinor += amount;
        now.IsDebited = amount < 0 || (now.IsDebited && before.Fact.Id("transactionId") == fact.Id("transactionId"));
        now.Entries++;
        var transaction = fact.Id("transactionId");
        if (!_transactions.TryGetValue(transaction, out var legs)) _transactions[transaction] = legs = [];
        legs.Add(fact);
        if (fact.Kind != "journal" && legs.Count(leg => leg.Subject == fact.Subject) > 1)
            return "The transaction is booked twice";
        if (fact.Number("entryVersion") != now.Entries) return "The entries have a gap";
        if (before.Status == "closed") return "The account is closed";
        return fact.Kind switch
        {
            "deposit" => amount <= 0 ? "A deposit gives" : RequireOpen(before),
            "withdrawal" or "transfer" when amount < 0 =>
                RequireOpen(before) ?? (before.AvailableMinor < -amount ? "The account does not have so much" : null),
            "transfer" => RequireOpen(before),
            "refund" => amount <= 0 ? "A refund gives" : null,
            "capture" => Capture(now, fact, -amount),
            "journal" => Journal(before, now, fact, amount),
            _ => $"The model knows no movement '{fact.Kind}' of {amount}",
        };
    }

    private string? Capture(AccountState now, Fact fact, long amount)
    {
        if (!_holds.TryGetValue(fact.Id("holdId"), out var hold)) return "There is no such hold";
        if (!hold.IsOpen) return "The hold has ended";
        if (amount <= 0 || amount > hold.RemainingMinor) return "The hold holds less";
        // What the event leaves held says whether the capture was final.
        var released = now.HeldMinor - fact.Number("heldMinor");
        if (released != amount && released != hold.RemainingMinor) return "The capture releases another amount";
        now.HeldMinor -= released;
        hold.Capture(fact, amount, isFinal: released == hold.RemainingMinor);
        return null;
    }

    private static string? RequireOpen(AccountState state) => state.Status == "open" ? null : "The account is not open";

    // What the event says of the account after it.
    private void Compare(AccountState now, Fact fact)
    {
        if (fact.Version != now.Version) _violations.Add("I2", $"Version {now.Version} is missing: {fact}");
        if ((fact.Number("postedMinor"), fact.Number("heldMinor"), fact.Number("overdraftLimitMinor"),
                fact.Text("status")) != (now.PostedMinor, now.HeldMinor, now.OverdraftMinor, now.Status))
            _violations.Add("I2", $"The model has {now} after {fact}");
    }
}
