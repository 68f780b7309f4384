namespace Tideline.Tools.Drills;

/// <summary>
/// Holds what clients remember against the books (I3), and the books against a model of what was acknowledged.
/// </summary>
internal sealed class Proof
{
    private readonly Books _books;
    private readonly Operation[] _operations;
    private readonly Dictionary<Guid, long> _expected = [];
    private readonly List<string> _contradictions = [];

    public Proof(Operation[] operations, Books books)
    {
        (_operations, _books) = (operations, books);
        // A capture bears the words of its hold, and a hold moves nothing.
        foreach (var operation in operations.Where(operation => operation.Kind != OperationKind.Hold))
            Examine(operation);
    }

    /// <summary>Acknowledged as done, but not in the books.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>In the books more than once.</summary>
    public List<string> Duplicated { get; } = [];

    /// <summary>Debited and given back.</summary>
    public int Compensated { get; private set; }

    public IEnumerable<Check> Checks()
    {
        yield return Of("I1 the sum per currency is zero", [.. _books.Totals.Where(total => total.Value != 0)
            .Select(total => $"{total.Key}: {total.Value}")], $"{_books.Totals.Count} currencies");
        yield return Of("I2 balance = fold of entries", _books.BrokenBalances, $"{_books.Accounts.Count} accounts");
        yield return Of("I3 nothing acknowledged is lost",
            Lost, $"{_operations.Count(operation => operation.State != OperationState.Unknown)} acknowledged requests");
        yield return Of("I3 nothing happened twice", Duplicated, $"{_operations.Length} requests");
        yield return Of("I3 what was answered is what happened", _contradictions, "answers and books agree");
        yield return Of("I3 nothing happened that nobody asked for",
            [.. Unasked()], $"{_books.Movements.Count} groups of movements");
        yield return Of("I5 available is never below the limit",
            [.. _books.Accounts.Values.Where(account => account.AvailableMinor < 0)
                .Select(account => $"{account.Id}: {account.AvailableMinor}")], $"{_books.Accounts.Count} accounts");
        yield return Of("balances equal the model", [.. Differences()], $"{_books.Accounts.Count} accounts");
    }

    private static Check Of(string name, List<string> broken, string detail) =>
        new(name, broken.Count == 0,
            broken.Count == 0 ? detail : $"{broken.Count} broken: {string.Join("; ", broken.Take(3))}");

    private void Examine(Operation operation)
    {
        var found = _books.Movements.GetValueOrDefault(operation.Reference) ?? [];
        var done = Wanted(operation).ToArray();
        var undone = operation.Kind == OperationKind.Transfer
            ? new[] { (operation.From, -operation.AmountMinor), (operation.From, operation.AmountMinor) }
            : [];
        var isDone = Same(found, done);
        var isUndone = undone.Length > 0 && Same(found, undone);
        if (isUndone) Compensated++;
        if (isDone)
            foreach (var (account, amount) in done) _expected[account] = _expected.GetValueOrDefault(account) + amount;

        if (!isDone && !isUndone && found.Count > 0)
        {
            var words = $"{operation.Key} ({operation.State}): {string.Join(", ", found)}";
            if (found.Count > done.Length) Duplicated.Add(words);
            else _contradictions.Add(words);
            return;
        }

        switch (operation.State)
        {
            case OperationState.Done when !isDone:
            case OperationState.Running when found.Count == 0:
                Lost.Add($"{operation.Key}: answered {operation.Answer!.Status} {operation.Answer.Text}");
                break;
            case OperationState.Refused when isDone:
                _contradictions.Add(
                    $"{operation.Key}: answered {operation.Answer!.Status} {operation.Answer.Text}, but it happened");
                break;
        }
    }

    private static IEnumerable<(Guid Account, long AmountMinor)> Wanted(Operation operation)
    {
        if (operation.From != Guid.Empty) yield return (operation.From, -operation.AmountMinor);
        if (operation.To != Guid.Empty) yield return (operation.To, operation.AmountMinor);
    }

    private static bool Same(List<Movement> found, (Guid Account, long AmountMinor)[] wanted) =>
        found.Select(movement => (movement.Account, movement.AmountMinor)).Order().SequenceEqual(wanted.Order());

    private IEnumerable<string> Unasked()
    {
        var asked = _operations.Select(operation => operation.Reference).ToHashSet(StringComparer.Ordinal);
        return _books.Movements.Keys.Where(words => !asked.Contains(words));
    }

    private IEnumerable<string> Differences() => _books.Accounts.Values
        .Where(account => account.PostedMinor != _expected.GetValueOrDefault(account.Id))
        .Select(account => $"{account.Id}: {account.PostedMinor} in the books, "
            + $"{_expected.GetValueOrDefault(account.Id)} by the model");
}
