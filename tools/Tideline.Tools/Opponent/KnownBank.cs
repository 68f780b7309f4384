using Tideline.Tools.Load;

namespace Tideline.Tools.Opponent;

/// <summary>What the clients know of the bank from the answers so far: the ids to use, and to misuse.</summary>
internal sealed class KnownBank
{
    private readonly Dictionary<Guid, long> _balances = [];
    private readonly Dictionary<Guid, long> _overdrafts = [];
    private readonly Dictionary<Guid, long> _held = [];
    private readonly HashSet<Guid> _frozen = [];

    public List<Guid> Customers { get; } = [];

    /// <summary>The accounts that nobody has closed.</summary>
    public List<(Guid Id, Guid Customer, string Currency)> Accounts { get; } = [];

    /// <summary>Those that are frozen, as far as the clients know.</summary>
    public IReadOnlyList<(Guid Id, Guid Customer, string Currency)> Frozen =>
        Accounts.FindAll(account => _frozen.Contains(account.Id));

    /// <summary>Those that move money, as far as the clients know.</summary>
    public IReadOnlyList<(Guid Id, Guid Customer, string Currency)> Usable =>
        Accounts.FindAll(account => !_frozen.Contains(account.Id));

    /// <summary>Those of them that can pay something.</summary>
    public IReadOnlyList<(Guid Id, Guid Customer, string Currency)> Payers =>
        Accounts.FindAll(account => !_frozen.Contains(account.Id) && Available(account.Id) > 0);

    /// <summary>Those that were closed.</summary>
    public List<(Guid Id, Guid Customer, string Currency)> Closed { get; } = [];

    public List<KnownHold> Holds { get; } = [];

    public List<Guid> Transfers { get; } = [];

    /// <summary>Times of entries, as the bank writes them, and their accounts.</summary>
    public List<(Guid Account, string At)> Times { get; } = [];

    /// <summary>Commands with a key, to be sent again.</summary>
    public List<Operation> Commands { get; } = [];

    /// <summary>Commands whose end is not known.</summary>
    public List<Operation> Unanswered { get; } = [];

    /// <summary>Commands that were answered with a token.</summary>
    public List<Operation> Tokens { get; } = [];

    /// <summary>The last known balance of an account, minor units.</summary>
    public long Balance(Guid account) => _balances.GetValueOrDefault(account);

    /// <summary>What an account can pay, as far as the clients know, minor units.</summary>
    public long Available(Guid account) => Balance(account) + _overdrafts.GetValueOrDefault(account)
        - _held.GetValueOrDefault(account);

    /// <summary>The customer of an account; empty if it is not known.</summary>
    public Guid CustomerOf(Guid account) =>
        Accounts.Concat(Closed).FirstOrDefault(known => known.Id == account).Customer;

    /// <summary>Any of a list; the newest more often.</summary>
    public static T Any<T>(IReadOnlyList<T> list, SeededRandom random) =>
        random.Percent(40) ? list[^(1 + random.Below(Math.Min(4, list.Count)))] : list[random.Below(list.Count)];

    /// <summary>
    /// Mostly an account that does what is asked; now and then one that is not there, is not any more, or cannot.
    /// </summary>
    public (Guid Id, Guid Customer, string Currency) Account(Draw draw, bool pays = false)
    {
        var likely = pays ? Payers : Usable;
        return draw.Random.Below(100) switch
        {
            < 2 => (draw.Random.NextGuid(), Any(Customers, draw.Random), "EUR"),
            < 5 when Closed.Count > 0 => Any(Closed, draw.Random),
            < 90 when likely.Count > 0 => Any(likely, draw.Random),
            _ => Any(Accounts, draw.Random),
        };
    }

    /// <summary>Learns from an answer.</summary>
    public void Learn(Operation operation)
    {
        if (operation.Key is not null)
        {
            if (operation.Ending == Ending.Unknown) Unanswered.Add(operation);
            Commands.Add(operation);
        }

        if (operation.Token.Length > 0) Tokens.Add(operation);
        if (operation.Ending != Ending.Ok) return;
        if (operation.Subject != Guid.Empty && operation.Text("balance").Length > 0)
            _balances[operation.Subject] = operation.Minor("balance");
        switch (operation.Kind)
        {
            case OperationKind.ReadEntries:
                Times.AddRange(operation.Answer.GetProperty("items").EnumerateArray()
                    .Select(entry => (operation.Subject, entry.GetProperty("at").GetString()!)));
                break;
            case OperationKind.CreateCustomer: Customers.Add(operation.Id("customerId")); break;
            case OperationKind.OpenAccount:
                Accounts.Add((operation.Id("accountId"), operation.Other, operation.Currency));
                _overdrafts[operation.Id("accountId")] = operation.AmountMinor;
                break;
            case OperationKind.SetStatus: LearnStatus(operation.Subject, operation.Word); break;
            case OperationKind.Journal:
                foreach (var (account, minor, _) in operation.Legs) _balances[account] = Balance(account) + minor;
                break;
            case OperationKind.PlaceHold:
                Holds.Add(new KnownHold(
                    operation.Id("holdId"), operation.Subject, operation.Currency, operation.AmountMinor,
                    operation.AtUs));
                _held[operation.Subject] = _held.GetValueOrDefault(operation.Subject) + operation.AmountMinor;
                break;
            case OperationKind.Capture or OperationKind.Release:
                LearnLess(operation.Hold, operation.AmountMinor);
                break;
            case OperationKind.Transfer:
                Transfers.Add(operation.Id("transferId"));
                _balances[operation.Other] = Balance(operation.Other) + operation.AmountMinor;
                break;
        }
    }

    // A part of a hold is gone, or, without an amount, all of it.
    private void LearnLess(Guid id, long minor)
    {
        if (Holds.Find(hold => hold.Id == id) is not { } hold) return;
        var gone = minor == 0 ? hold.RemainingMinor : Math.Min(minor, hold.RemainingMinor);
        hold.RemainingMinor -= gone;
        _held[hold.Account] -= gone;
    }

    private void LearnStatus(Guid id, string status)
    {
        if (status == "frozen") _frozen.Add(id);
        else _frozen.Remove(id);
        if (status != "closed") return;
        Closed.AddRange(Accounts.Where(account => account.Id == id));
        Accounts.RemoveAll(account => account.Id == id);
    }
}

/// <summary>A hold as a client remembers it.</summary>
internal sealed record KnownHold(Guid Id, Guid Account, string Currency, long AmountMinor, long ExpiresUs)
{
    /// <summary>What is left of it, as far as the clients know.</summary>
    public long RemainingMinor { get; set; } = AmountMinor;
}
