namespace Tideline.Tools.Opponent;

/// <summary>Checks that what a command did is what was asked for, and that its answer says what was done.</summary>
internal static class EffectChecks
{
    public static void Check(
        BankModel model, Operation began, List<Operation> answered, List<Fact> effects, Violations violations)
    {
        var why = began.Kind switch
        {
            OperationKind.Deposit => One(effects, began, "deposit", began.AmountMinor),
            OperationKind.Withdraw => One(effects, began, "withdrawal", -began.AmountMinor),
            OperationKind.Capture => Capture(model, effects, began),
            OperationKind.PlaceHold => effects[0].Subject == began.Subject
                && model.Holds[effects[0].Id("holdId")].AmountMinor == began.AmountMinor
                ? null : "The hold has another amount or account",
            OperationKind.SetStatus => effects[0].Text("status") == began.Word ? null : "The status is another one",
            OperationKind.Transfer => Transfer(effects, began, answered),
            OperationKind.Journal => Journal(effects, began, answered) ?? Condition(model, effects, began),
            OperationKind.OpenAccount => IsChosen(effects, began) && effects[0].Id("customerId") == began.Other
                && effects[0].Text("currency") == began.Currency && effects[0].Text("iban") == began.Word
                && effects[0].Number("overdraftLimitMinor") == began.AmountMinor
                ? null : "The account is another one",
            OperationKind.CreateCustomer => IsChosen(effects, began) ? null : "The customer has another id",
            _ => null,
        };
        if (why is not null) violations.Add("I3", $"{why}: {string.Join(", ", effects)}", began);
        if (began is { Kind: OperationKind.SetStatus, Word: "closed" })
            CheckNothingReturns(model, effects[0], answered[0], violations);
        if (began.Kind is OperationKind.Deposit or OperationKind.Withdraw or OperationKind.Capture
            or OperationKind.Transfer) CheckBalance(effects, began, answered, violations);
    }

    private static string? One(List<Fact> effects, Operation began, string kind, long minor) =>
        effects is [var fact] && fact.Kind == kind && fact.Subject == began.Subject
            && fact.Number("amountMinor") == minor ? null : $"A {kind} is one movement of {minor}";

    // Who chooses an id gets it.
    private static bool IsChosen(List<Fact> effects, Operation began) =>
        began.Subject == Guid.Empty || effects[0].Subject == began.Subject;

    // All that was left, if no amount was named; and the hold ends with its last capture, or when nothing is left.
    private static string? Capture(BankModel model, List<Fact> effects, Operation began)
    {
        if (effects is not [var captured] || captured.Kind != "capture" || captured.Id("holdId") != began.Hold)
            return "A capture is one movement of the hold's account";
        var hold = model.Holds[began.Hold];
        var left = hold.States.TakeWhile(state => state.By != captured).LastOrDefault().RemainingMinor;
        var minor = -captured.Number("amountMinor");
        return minor != (began.AmountMinor == 0 ? left : began.AmountMinor) ? "The capture takes another amount"
            : (hold.Ended == captured) != (began.IsFinal || minor == left)
                ? $"The hold {(hold.Ended == captured ? "ends" : "does not end")} with its capture" : null;
    }

    private static string? Transfer(List<Fact> effects, Operation began, List<Operation> answered)
    {
        if (answered.TrueForAll(answer => answer.Status == 202)) return "A transfer never ended";
        var debits = effects.Where(fact => fact.Subject == began.Subject).ToList();
        var credits = effects.Where(fact => fact.Subject == began.Other).ToList();
        return effects.Count == 2 && debits is [var debit] && credits is [var credit]
            && debit.Number("amountMinor") == -began.AmountMinor && credit.Number("amountMinor") == began.AmountMinor
            ? null : $"A settled transfer is one debit and one credit of {began.AmountMinor}";
    }

    private static string? Journal(List<Fact> effects, Operation began, List<Operation> answered)
    {
        if (answered.TrueForAll(answer => answer.Status == 202)) return "A transaction never ended";
        var booked = effects.Select(fact => (fact.Subject, fact.Number("amountMinor"))).Order();
        return booked.SequenceEqual(began.Legs.Select(leg => (leg.Account, leg.Minor)).Order())
            ? null : "The legs are others than those of the request";
    }

    // The condition held before it was booked, at some moment since it was asked for.
    private static string? Condition(BankModel model, List<Fact> effects, Operation began)
    {
        if (began.AmountMinor == 0 || !model.Accounts.TryGetValue(began.Legs[^1].Account, out var account)) return null;
        var first = effects.Where(fact => fact.Subject == account.Id).Min(fact => fact.Seq);
        return account.Between(began.HeadsBefore[account.Shard], first - 1)
            .Any(state => state.PostedMinor >= began.AmountMinor) ? null : "Its condition did not hold";
    }

    // What left the account before it was closed had arrived, or had come back, when the closing was answered.
    private static void CheckNothingReturns(
        BankModel model, Fact closed, Operation answer, Violations violations)
    {
        var left = model.Accounts[closed.Subject].States
            .Where(state => state.Fact.Seq < closed.Seq && state.Fact.Kind == "transfer"
                && state.Fact.Number("amountMinor") < 0 && state.Fact.Id("sagaId") != Guid.Empty);
        foreach (var debit in left.Select(state => state.Fact))
        {
            if (!model.OfSaga(debit.Id("sagaId")).Any(fact => fact.Number("amountMinor") > 0
                && fact.Seq <= answer.HeadsAfter[fact.Shard]))
                violations.Add("model", $"The account was closed while money of it was under way: {debit}", answer);
        }
    }

    // The balance of the answer is the one after the movement.
    private static void CheckBalance(
        List<Fact> effects, Operation began, List<Operation> answered, Violations violations)
    {
        if (effects.Find(fact => fact.Subject == began.Subject) is not { } own) return;
        foreach (var answer in answered.Where(answer => answer.Text("balance").Length > 0))
        {
            if (answer.Minor("balance") != own.Number("postedMinor"))
                violations.Add("model", $"The balance of the answer is not the one after {own}", answer);
        }
    }
}
