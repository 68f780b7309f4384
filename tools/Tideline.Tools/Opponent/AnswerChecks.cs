namespace Tideline.Tools.Opponent;

/// <summary>
/// Checks the answers to commands: what was done is there once and where it may be, what was refused had a reason and
/// left nothing, the same key has the same outcome, and nothing is there that nobody asked for (I3, I4, I5, I15).
/// </summary>
/// <param name="model">What happened.</param>
/// <param name="log">What was asked and answered.</param>
/// <param name="hasClocks">Whether clocks were wrong, so that nothing follows from them.</param>
/// <param name="violations">Collects what breaks a law.</param>
internal sealed class AnswerChecks(BankModel model, RunLog log, bool hasClocks, Violations violations)
{
    private readonly HashSet<Guid> _wanted = [];

    public void Run()
    {
        var commands = log.Operations.Where(operation => operation.Key is not null).ToList();
        foreach (var ofKey in commands.GroupBy(operation => operation.Key!))
        {
            var requests = ofKey.GroupBy(operation => (operation.Method, operation.Target, operation.Body)).ToList();
            foreach (var request in requests) Check([.. request], requests.Count > 1);
            CheckOwner(ofKey, requests);
        }

        CheckExpiries(commands);
        foreach (var (transaction, legs) in model.Transactions)
        {
            if (!_wanted.Contains(transaction) && !_wanted.Contains(legs[0].Id("sagaId")))
                violations.Add("I3", $"Nobody asked for {legs[0]}");
        }

        foreach (var (id, hold) in model.Holds)
            if (!_wanted.Contains(id)) violations.Add("I3", $"Nobody asked for {hold.Placed}");
        foreach (var (id, account) in model.Accounts)
            if (!_wanted.Contains(id)) violations.Add("I3", $"Nobody asked for {account.States[0].Fact}");
        foreach (var id in model.Customers.Keys)
            if (!_wanted.Contains(id)) violations.Add("I3", $"Nobody asked for customer {id}");
    }

    // A hold is captured before its expiry, and expires after it.
    private void CheckExpiries(List<Operation> commands)
    {
        foreach (var placed in commands.Where(command =>
            command is { Kind: OperationKind.PlaceHold, AtUs: > 0, Ending: Ending.Ok }))
        {
            if (!model.Holds.TryGetValue(placed.Id("holdId"), out var hold)) continue;
            foreach (var (by, _) in hold.States)
            {
                if (by.Kind == "capture" && by.TimeUs >= placed.AtUs)
                    violations.Add("model", $"The hold had expired: {by}", placed);
                if (by.Kind == "expiry" && by.TimeUs < placed.AtUs)
                    violations.Add("model", $"The hold had not expired: {by}", placed);
            }
        }
    }

    // One request of a key: its attempts in the order in which they began.
    private void Check(IReadOnlyList<Operation> attempts, bool isShared)
    {
        var answered = attempts.Where(attempt => attempt.Ending != Ending.Unknown
            && attempt.Problem != "idempotency-key-reused").ToList();
        if (answered.Count == 0)
        {
            // Its key belongs to another request, or nobody ever learned what became of it.
            if (!isShared && attempts.All(attempt => attempt.Problem != "idempotency-key-reused"))
                violations.Add("I3", "A command was never answered, however often it was sent", attempts);
            return;
        }

        var first = answered.FirstOrDefault(attempt => attempt.Status != 202) ?? answered[0];
        foreach (var other in answered)
        {
            if (!IsSame(first, other))
                violations.Add("I4", "The same request with the same key was answered differently", first, other);
        }

        if (first.Ending == Ending.Ok) CheckDone(attempts[0], answered);
        else new RefusalReasons(model, log, hasClocks).Check(attempts[0], first, violations);
        if (first.Ending != Ending.Failed) return;
        var undone = first.Kind == OperationKind.Journal ? first.Id("transactionId") : first.Id("transferId");
        if (undone != Guid.Empty) CheckUndone(undone, first);
    }

    // Two requests with one key: one owns it, and the other is told so.
    private void CheckOwner(
        IEnumerable<Operation> ofKey, List<IGrouping<(string, string, string?), Operation>> requests)
    {
        var owners = requests.Where(request => request.Any(operation =>
            operation.Ending != Ending.Unknown && IsOutcome(operation))).ToList();
        if (owners.Count > 1)
            violations.Add("I4", "Two requests with one key were both answered for themselves",
                owners.Select(owner => owner.First(IsOutcome)));
        if (requests.Count == 1 && ofKey.FirstOrDefault(each => each.Problem == "idempotency-key-reused") is { } alone)
            violations.Add("I4", "The key is said to belong to another request, and there is none", alone);
    }

    // What the key keeps, as opposed to what is refused before the key is looked at: that names a field of the request.
    private static bool IsOutcome(Operation operation) => operation.Ending == Ending.Ok
        || (operation.Ending == Ending.Failed && operation.Status is 409 or 422
            && operation.Problem != "idempotency-key-reused" && !IsMalformed(operation));

    private static bool IsMalformed(Operation operation) => operation.Text("field").Length > 0
        || operation.Problem is "unbalanced-transaction" or "invalid-transaction";

    /// <summary>Whether two answers to one request say the same.</summary>
    internal static bool IsSame(Operation one, Operation other)
    {
        if (one.Status == 202 || other.Status == 202)
            return one.Ending == Ending.Failed || Effects.IdOf(one, one) == Effects.IdOf(other, other);
        if (one.Status != other.Status || one.Problem != other.Problem) return false;
        // The line of a batch says less than the answer to a request of its own.
        if (one.Ending == Ending.Ok && (one.IsLine || other.IsLine))
            return Effects.IdOf(one, one) == Effects.IdOf(other, other) && one.Text("balance") == other.Text("balance");
        return (one.Ending == Ending.Failed ? one.Text("detail") == other.Text("detail")
                : one.Json == other.Json);
    }

    private void CheckDone(Operation began, List<Operation> answered)
    {
        var id = Effects.IdOf(began, answered[0]);
        if (began.Kind is not (OperationKind.SetStatus or OperationKind.Release)) _wanted.Add(id);
        var effects = Effects.Of(model, began, answered[0]).ToList();
        if (effects.Count == 0)
        {
            violations.Add("I3", $"What was answered as done is not there: {id}", answered);
            return;
        }

        foreach (var effect in effects)
        {
            // A command is done after it was asked for, and durable before it is answered.
            if (effect.Seq <= began.HeadsBefore[effect.Shard])
                violations.Add("I3", $"It was done before it was asked for: {effect}", began);
            foreach (var answer in answered.Where(answer => answer.Status != 202))
            {
                if (effect.Seq > answer.HeadsAfter[effect.Shard])
                    violations.Add("I3", $"It was answered before it was durable: {effect}", answer);
            }
        }

        EffectChecks.Check(model, began, answered, effects, violations);
    }

    // A transfer that was refused after its debit: the money came back.
    private void CheckUndone(Guid id, Operation refused)
    {
        _wanted.Add(id);
        var legs = model.Transactions.Values.SelectMany(facts => facts).Where(fact => fact.Id("sagaId") == id).ToList();
        var isUndone = refused.Kind == OperationKind.Journal ? legs.Count == 0
            : legs.TrueForAll(leg => leg.Subject == refused.Subject)
                && legs.Sum(leg => leg.Number("amountMinor")) == 0;
        if (!isUndone)
            violations.Add("I13", $"A refused transfer moved money: {string.Join(", ", legs)}", refused);
    }
}
