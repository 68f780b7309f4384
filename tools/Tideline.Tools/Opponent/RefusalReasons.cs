namespace Tideline.Tools.Opponent;

/// <summary>Checks that a refusal had its reason at some moment between the request and the answer.</summary>
internal sealed class RefusalReasons(BankModel model, RunLog log, bool hasClocks)
{
    // The clocks of two processes that are well differ by so much.
    private const long ClockApartUs = 1_000_000;

    public void Check(Operation began, Operation refused, Violations violations)
    {
        if (IsJust(began, refused)) return;
        violations.Add(
            "model", $"The reason '{refused.Problem}' never held while the request was open", began, refused);
    }

    private bool IsJust(Operation began, Operation refused)
    {
        if (began.Kind == OperationKind.Journal) return IsJustForLegs(began, refused);
        var source = States(began.Subject, began, refused);
        var both = source.Concat(States(began.Other, began, refused)).ToList();
        return refused.Problem switch
        {
            "insufficient-funds" => source.Any(state => state.AvailableMinor < began.AmountMinor),
            // What was promised before the account was frozen is kept.
            "account-frozen" => began.Kind is not (OperationKind.Capture or OperationKind.Release)
                && both.Exists(state => state.Status == "frozen"),
            "account-closed" => both.Exists(state => state.Status == "closed"),
            "account-not-found" => IsMissing(began.Subject, began)
                || (began.Kind == OperationKind.Transfer && IsMissing(began.Other, began)),
            "customer-not-found" => !model.Customers.TryGetValue(began.Other, out var created)
                || created.Seq > began.HeadsBefore[created.Shard],
            "currency-mismatch" => new[] { began.Subject, began.Other }.Any(id =>
                model.Accounts.TryGetValue(id, out var account) && account.Currency != began.Currency),
            "same-account" => began.Subject == began.Other,
            "account-not-empty" => source.Any(state => (state.PostedMinor, state.HeldMinor) != (0, 0)),
            "transfers-under-way" => IsUnderWay(began, refused) || log.Operations.Any(other =>
                other.BeganUs <= refused.EndedUs && other.Legs.Any(leg => leg.Account == began.Subject)),
            "invalid-status" => source.Any(state => state.Status == began.Word || state.Status == "closed"),
            "hold-not-found" => !model.Holds.ContainsKey(began.Hold),
            "hold-not-open" => IsEnded(began, refused) || IsExpired(began, refused),
            "hold-exceeded" => Remainders(began, refused).Any(minor => minor < began.AmountMinor),
            "duplicate-id" => IsTaken(began, refused),
            "iban-taken" => began.Word.Length > 0 && log.Operations.Any(other =>
                other.Word == began.Word && other.Key != began.Key && other.BeganUs <= refused.EndedUs),
            "deadline-passed" => began.Kind == OperationKind.Transfer,
            "invalid-expiry" => began.AtUs > 0 && (hasClocks || refused.AnsweredUs + ClockApartUs >= began.AtUs),
            _ => false,
        };
    }

    private bool IsJustForLegs(Operation began, Operation refused)
    {
        var states = began.Legs.SelectMany(leg => States(leg.Account, began, refused)
            .Select(state => (leg.Minor, State: state))).ToList();
        return refused.Problem switch
        {
            "insufficient-funds" => began.Legs.GroupBy(leg => leg.Account).Any(account =>
                States(account.Key, began, refused).Any(state =>
                    state.AvailableMinor < -account.Sum(leg => leg.Minor)
                    || state.AvailableMinor < -account.Where(leg => leg.Minor < 0).Sum(leg => leg.Minor))),
            "account-frozen" => states.Exists(each => each.State.Status == "frozen"),
            "account-closed" => states.Exists(each => each.State.Status == "closed"),
            "unbalanced-transaction" => began.Legs.GroupBy(leg => leg.Currency)
                .Any(legs => legs.Sum(leg => leg.Minor) != 0),
            "invalid-transaction" => began.Legs.Count < 2,
            "condition-failed" => began.AmountMinor > 0 && States(began.Legs[^1].Account, began, refused)
                .Any(state => state.PostedMinor < began.AmountMinor),
            "deadline-passed" => true,
            _ => false,
        };
    }

    private IEnumerable<AccountState> States(Guid id, Operation began, Operation refused) =>
        model.Accounts.TryGetValue(id, out var account)
            ? account.Between(began.HeadsBefore[account.Shard], refused.HeadsAfter[account.Shard]) : [];

    private bool IsMissing(Guid id, Operation began) =>
        !model.Accounts.TryGetValue(id, out var account)
        || account.States[0].Fact.Seq > began.HeadsBefore[account.Shard];

    // Any saga of the account: the one that keeps it open may have had its last event long ago.
    private bool IsUnderWay(Operation began, Operation refused) =>
        model.Accounts.TryGetValue(began.Subject, out var account) && account.States.Any(state =>
            state.Fact.Id("sagaId") != Guid.Empty && state.Fact.Seq <= refused.HeadsAfter[account.Shard]);

    private bool IsEnded(Operation began, Operation refused) => model.Holds.TryGetValue(began.Hold, out var hold)
        && hold.Ended is { } ended && ended.Seq <= refused.HeadsAfter[ended.Shard];

    // Its event may follow later.
    private bool IsExpired(Operation began, Operation refused) => log.Operations.Any(placed =>
        placed.Kind == OperationKind.PlaceHold && placed.AtUs > 0 && placed.Id("holdId") == began.Hold
        && (hasClocks || refused.AnsweredUs + ClockApartUs >= placed.AtUs));

    // What the hold had left at some moment while the request was open.
    private IEnumerable<long> Remainders(Operation began, Operation refused)
    {
        if (!model.Holds.TryGetValue(began.Hold, out var hold)) return [];
        var (first, last) = (began.HeadsBefore[hold.Placed.Shard], refused.HeadsAfter[hold.Placed.Shard]);
        return hold.States.Where((state, at) => state.By.Seq <= last
            && (at + 1 == hold.States.Count || hold.States[at + 1].By.Seq > first))
            .Select(state => state.RemainingMinor);
    }

    private bool IsTaken(Operation began, Operation refused)
    {
        var id = began.Subject;
        if (id == Guid.Empty) return false;
        return (model.Accounts.TryGetValue(id, out var account)
                && account.States[0].Fact.Seq <= refused.HeadsAfter[account.Shard])
            || (model.Customers.TryGetValue(id, out var customer) && customer.Seq <= refused.HeadsAfter[customer.Shard])
            || log.Operations.Any(other => other.Subject == id && other.Key != began.Key
                && other.Kind is OperationKind.CreateCustomer or OperationKind.OpenAccount
                && other.BeganUs <= refused.EndedUs);
    }
}
