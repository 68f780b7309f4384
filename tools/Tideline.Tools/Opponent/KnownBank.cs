using Tideline.Tools.Load;

namespace Tideline.Tools.Opponent;

/// <summary>What the clients know of the bank from the answers so far: the ids to use, and to misuse.</summary>
internal sealed class KnownBank
{
    private readonly Dictionary<Guid, long> _balances = [];

    public List<Guid> Customers { get; } = [];

    public List<(Guid Id, Guid Customer, string Currency)> Accounts { get; } = [];

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

    /// <summary>The customer of an account; empty if it is not known.</summary>
    public Guid CustomerOf(Guid account) => Accounts.Find(known => known.Id == account).Customer;

    /// <summary>Any of a list; the newest more often.</summary>
    public static T Any<T>(IReadOnlyList<T> list, SeededRandom random) =>
        random.Percent(40) ? list[^(1 + random.Below(Math.Min(4, list.Count)))] : list[random.Below(list.Count)];

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
                break;
            case OperationKind.PlaceHold:
                Holds.Add(new KnownHold(
                    operation.Id("holdId"), operation.Subject, operation.Currency, operation.AmountMinor,
                    operation.AtUs));
                break;
            case OperationKind.Transfer: Transfers.Add(operation.Id("transferId")); break;
        }
    }
}

/// <summary>A hold as a client remembers it.</summary>
internal sealed record KnownHold(Guid Id, Guid Account, string Currency, long AmountMinor, long ExpiresUs);
