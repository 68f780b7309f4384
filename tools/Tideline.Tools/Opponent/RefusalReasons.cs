namespace Tideline.Tools.Opponent;

/// <summary>Checks that a refusal had its reason at some moment between the request and the answer.</summary>
internal static class RefusalReasons
{
    public static void Check(BankModel model, Operation began, Operation refused, RunLog log, Violations violations)
    {
        if (IsJust(model, began, refused, log)) return;
        violations.Add(
            "model", $"The reason '{refused.Problem}' never held while the request was open", began, refused);
    }

    private static bool IsJust(BankModel model, Operation began, Operation refused, RunLog log)
    {
        if (began.Kind == OperationKind.Journal) return IsJustForLegs(model, began, refused);
        var source = States(model, began.Subject, began, refused);
        var both = source.Concat(States(model, began.Other, began, refused)).ToList();
        return refused.Problem switch
        {
            "insufficient-funds" => source.Any(state => state.AvailableMinor < began.AmountMinor),
            // What was promised before the account was frozen is kept.
            "account-frozen" => began.Kind is not (OperationKind.Capture or OperationKind.Release)
                && both.Exists(state => state.Status == "frozen"),
            "account-closed" => both.Exists(state => state.Status == "closed"),
            "account-not-found" => IsMissing(model, began.Subject, began)
                || (began.Kind == OperationKind.Transfer && IsMissing(model, began.Other, began)),
            "customer-not-found" => !model.Customers.TryGetValue(began.Other, out var created)
                || created.Seq > began.HeadsBefore[created.Shard],
            "currency-mismatch" => new[] { began.Subject, began.Other }.Any(id =>
                model.Accounts.TryGetValue(id, out var account) && account.Currency != began.Currency),
            "same-account" => began.Subject == began.Other,
            "account-not-empty" => source.Any(state => (state.PostedMinor, state.HeldMinor) != (0, 0)),
            "transfers-under-way" => IsUnderWay(model, began, refused) || log.Operations.Any(other =>
                other.BeganUs <= refused.EndedUs && other.Legs.Any(leg => leg.Account == began.Subject)),
            "invalid-status" => source.Any(state => state.Status == began.Word || state.Status == "closed"),
            "hold-not-found" => !model.Holds.ContainsKey(began.Hold),
            "hold-not-open" => model.Holds.TryGetValue(began.Hold, out var hold)
                && hold.Ended is { } ended && ended.Seq <= refused.HeadsAfter[ended.Shard]
                || IsExpired(model, began, refused),
            "hold-exceeded" => model.Holds.TryGetValue(began.Hold, out var open)
                && open.States.Any(state => state.RemainingMinor < began.AmountMinor),
            "duplicate-id" => IsTaken(model, began, refused, log),
            "iban-taken" => log.Operations.Any(other => other.Word == began.Word && other.Key != began.Key
                && other.BeganUs <= refused.EndedUs),
            "deadline-passed" or "invalid-expiry" => true,
            _ => false,
        };
    }

    private static bool IsJustForLegs(BankModel model, Operation began, Operation refused)
    {
        var states = began.Legs.SelectMany(leg => States(model, leg.Account, began, refused)
            .Select(state => (leg.Minor, State: state))).ToList();
        return refused.Problem switch
        {
            "insufficient-funds" => began.Legs.GroupBy(leg => leg.Account).Any(account =>
                States(model, account.Key, began, refused).Any(state =>
                    state.AvailableMinor < -account.Sum(leg => leg.Minor)
                    || state.AvailableMinor < -account.Where(leg => leg.Minor < 0).Sum(leg => leg.Minor))),
            "account-frozen" => states.Exists(each => each.State.Status == "frozen"),
            "account-closed" => states.Exists(each => each.State.Status == "closed"),
            "unbalanced-transaction" => began.Legs.GroupBy(leg => leg.Currency)
                .Any(legs => legs.Sum(leg => leg.Minor) != 0),
            "invalid-transaction" => began.Legs.Count < 2,
            "condition-failed" or "deadline-passed" => true,
            _ => false,
        };
    }

    private static IEnumerable<AccountState> States(BankModel model, Guid id, Operation began, Operation refused) =>
        model.Accounts.TryGetValue(id, out var account)
            ? account.Between(began.HeadsBefore[account.Shard], refused.HeadsAfter[account.Shard]) : [];

    private static bool IsMissing(BankModel model, Guid id, Operation began) =>
        !model.Accounts.TryGetValue(id, out var account)
        || account.States[0].Fact.Seq > began.HeadsBefore[account.Shard];

    // A debit of the account whose other side, or whose refund, was not there when the request began.
    private static bool IsUnderWay(BankModel model, Operation began, Operation refused) =>
        model.Accounts.TryGetValue(began.Subject, out var account) && account.States.Any(state =>
            state.Fact.Id("sagaId") != Guid.Empty && state.Fact.Seq <= refused.HeadsAfter[account.Shard]);

    // Nothing has told us the time of the shard: an expiry before the end of the request will do.
    private static bool IsExpired(BankModel model, Operation began, Operation refused) =>
        model.Holds.TryGetValue(began.Hold, out var hold) && hold.Ended is not null && refused.EndedUs > began.BeganUs;

    private static bool IsTaken(BankModel model, Operation began, Operation refused, RunLog log)
    {
        var id = began.Subject;
        return (model.Accounts.TryGetValue(id, out var account)
                && account.States[0].Fact.Seq <= refused.HeadsAfter[account.Shard])
            || (model.Customers.TryGetValue(id, out var customer) && customer.Seq <= refused.HeadsAfter[customer.Shard])
            || log.Operations.Any(other => other.Subject == id && other.Key != began.Key
                && other.Kind is OperationKind.CreateCustomer or OperationKind.OpenAccount
                && other.BeganUs <= refused.EndedUs);
    }
}
