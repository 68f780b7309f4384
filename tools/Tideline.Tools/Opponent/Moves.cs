using System.Globalization;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Draws the next operation: a mixed load that reuses ids and keys, closes and reopens accounts under way, captures and
/// releases twice, and reads at tokens and times.
/// </summary>
internal sealed class Moves
{
    // How often what a run does often is done more than else.
    private const int OftenWeight = 40;
    private readonly KnownBank _bank;
    private readonly RunPlan _plan;
    private readonly int[] _weights;
    private readonly int _accounts;

    private static readonly string[] Ibans =
    [
        "DE89370400440532013000", "GB82WEST12345698765432", "NL91ABNA0417164300", "BE68539007547034",
        "ES9121000418450200051332", "AT611904300234573201", "CH9300762011623852957",
    ];

    /// <param name="bank">What the clients know.</param>
    /// <param name="plan">What the run is.</param>
    /// <param name="random">Draws what this run does often, and what seldom.</param>
    public Moves(KnownBank bank, RunPlan plan, SeededRandom random)
    {
        (_bank, _plan) = (bank, plan);
        _weights = [.. Enum.GetValues<Move>().Select(_ => random.Percent(30) ? 1 : 4 + random.Below(20))];
        _weights[(int)Move.Transfer] += 6;
        _weights[(int)Move.Journal] += 5;
        foreach (var move in plan.Often) _weights[(int)move] += OftenWeight;
        if (!plan.HasJournals) _weights[(int)Move.Journal] = 0;
        _accounts = 3 + random.Below(8);
        if (plan.Accounts > 0) _accounts = plan.Accounts;
    }

    /// <summary>
    /// A read of what an operation has just changed, at its token, within a bound or strong; null: none follows.
    /// </summary>
    public Operation? Follow(int number, int client, Operation operation, SeededRandom random)
    {
        // What became of a transfer without an answer, as the pages say it is to be asked for.
        if (operation is { Kind: OperationKind.Transfer, Key: { } key, Ending: Ending.Unknown or Ending.Ok }
            && random.Percent(operation.Ending == Ending.Ok ? 5 : 60))
        {
            return new Draw(number, client, 0, random).Plain(
                OperationKind.ReadByKey, "GET", $"/v1/payments/transfers?idempotencyKey={key}") with
            { After = operation };
        }

        if (operation.Ending != Ending.Ok || operation.Token.Length == 0
            || !random.Percent(_plan.FollowPercent)) return null;
        var account = operation.Kind == OperationKind.Transfer && random.Percent(50) ? operation.Other
            : operation.Kind == OperationKind.OpenAccount ? operation.Id("accountId") : operation.Subject;
        var customer = operation.Kind switch
        {
            OperationKind.CreateCustomer => operation.Id("customerId"),
            OperationKind.OpenAccount => operation.Other,
            _ => _bank.CustomerOf(account),
        };
        if (customer == Guid.Empty) return null;
        if (operation.Kind != OperationKind.CreateCustomer && random.Percent(25))
        {
            return new Draw(number, client, 0, random).Plain(
                OperationKind.ReadEntries, "GET", $"/v1/accounts/{account}/entries?limit=5") with
            { Subject = account };
        }

        var read = new Draw(number, client, 0, random).Plain(
            OperationKind.ReadCustomer, "GET", $"/v1/customers/{customer}") with
        { Subject = customer };
        return random.Below(10) switch
        {
            < 6 => read with { After = operation, Consistency = "session" },
            < 8 => read with { Consistency = OpponentLimits.Bound },
            _ => read with { Consistency = "strong" },
        };
    }

    /// <summary>What is done before an operation has its answer; null: nothing more.</summary>
    public Operation? Beside(
        int number, int client, long nowUs, Operation operation, Operation? before, SeededRandom random)
    {
        var (draw, moves) = (new Draw(number, client, nowUs, random), new BesideMoves(_bank, _plan.BesidePercent));
        return before is null ? moves.Next(draw, operation) : moves.After(draw, operation, before);
    }

    /// <summary>The next operation of a client.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="client">The client.</param>
    /// <param name="nowUs">The time on the client's clock, µs since 1970.</param>
    /// <param name="random">Draws of this operation alone.</param>
    public Operation Next(int number, int client, long nowUs, SeededRandom random)
    {
        var draw = new Draw(number, client, nowUs, random);
        if (_bank.Customers.Count < 3) return CreateCustomer(draw);
        if (_bank.Accounts.Count < _accounts) return OpenAccount(draw);
        if (random.Percent(_plan.OperatorPercent)) return new OperatorMoves(_bank).Next(draw);
        if (random.Percent(4))
        {
            return random.Below(7) switch
            {
                < 2 => CreateCustomer(draw),
                < 5 => OpenAccount(draw),
                _ => Misuse(draw),
            };
        }

        // With nothing to spend, or much that is frozen, little else happens.
        if (_bank.Payers.Count == 0 && random.Percent(70)) return Cash(draw, isDeposit: true);
        if (3 * _bank.Frozen.Count > _bank.Accounts.Count && random.Percent(30)) return SetStatus(draw);
        var at = random.Below(_weights.Sum());
        var move = 0;
        while (at >= _weights[move]) at -= _weights[move++];
        return (Move)move switch
        {
            Move.Deposit => Cash(draw, isDeposit: true),
            Move.Withdraw => Cash(draw, isDeposit: false),
            Move.Transfer => draw.Random.Percent(10) ? Batch(draw) : Transfer(draw),
            Move.PlaceHold => PlaceHold(draw),
            Move.EndHold => EndHold(draw),
            Move.SetStatus => SetStatus(draw),
            Move.Again => Again(draw),
            Move.Journal => Journal(draw),
            _ => Read(draw),
        };
    }

    private Operation CreateCustomer(Draw draw)
    {
        var id = draw.Random.Percent(25) ? ChosenId(draw) : Guid.Empty;
        var person = $"\"name\":\"Customer {draw.Number}\",\"email\":\"c{draw.Number % 5}@example.com\"";
        return draw.Command(OperationKind.CreateCustomer, "POST", "/v1/customers",
            $"{{{person},\"country\":\"SE\"{Chosen("customerId", id)}}}")
            with
        { Subject = id };
    }

    private Operation OpenAccount(Draw draw)
    {
        var id = draw.Random.Percent(25) ? ChosenId(draw) : Guid.Empty;
        var customer = draw.Random.Percent(5) ? draw.Random.NextGuid() : KnownBank.Any(_bank.Customers, draw.Random);
        var currency = draw.Random.Percent(80) ? "EUR" : Amounts.Currencies[draw.Random.Below(3)].Code;
        var overdraft = draw.Random.Percent(25) ? 1 + draw.Random.Below(200) : 0;
        var iban = draw.Random.Percent(40) ? Ibans[draw.Random.Below(Ibans.Length)] : "";
        var limit = overdraft == 0 ? "" : $",\"overdraftLimit\":\"{Amounts.Write(overdraft, currency)}\"";
        var named = iban.Length == 0 ? "" : $",\"iban\":\"{iban}\"";
        return draw.Command(OperationKind.OpenAccount, "POST", "/v1/accounts",
            $"{{\"customerId\":\"{customer}\",\"currency\":\"{currency}\"{limit}{named}{Chosen("accountId", id)}}}")
            with
        { Subject = id, Other = customer, AmountMinor = overdraft, Currency = currency, Word = iban };
    }

    private Operation Cash(Draw draw, bool isDeposit)
    {
        var (id, _, currency) = _bank.Account(draw, pays: !isDeposit);
        var amount = isDeposit ? 1 + draw.Random.Below(600) : Amount(draw, id, 400);
        if (draw.Random.Percent(3)) currency = Amounts.Currencies[draw.Random.Below(3)].Code;
        return draw.Command(
            isDeposit ? OperationKind.Deposit : OperationKind.Withdraw, "POST",
            $"/v1/accounts/{id}/{(isDeposit ? "deposits" : "withdrawals")}", Money(amount, currency)) with
        { Subject = id, AmountMinor = amount, Currency = currency };
    }

    private Operation Transfer(Draw draw)
    {
        var (from, _, currency) = _bank.Account(draw, pays: true);
        var to = _bank.Account(draw).Id;
        // Most are within one currency.
        for (var attempt = 0; attempt < 6 && !IsLike(to, from, currency); attempt++) to = _bank.Account(draw).Id;
        var amount = Amount(draw, from, 300);
        var body = $"{{\"from\":\"{from}\",\"to\":\"{to}\",{Money(amount, currency)[1..]}";
        return draw.Command(OperationKind.Transfer, "POST", "/v1/payments/transfers", body) with
        { Subject = from, Other = to, AmountMinor = amount, Currency = currency };
    }

    // Two to four lines; sometimes one that was sent before, alone or in a batch, or twice in this one.
    private Operation Batch(Draw draw)
    {
        var parts = new List<Operation>();
        for (var line = 2 + draw.Random.Below(3); line > 0; line--)
        {
            var earlier = !draw.Random.Percent(20) ? null
                : parts.Count > 0 && draw.Random.Percent(50) ? parts[^1]
                : _bank.Commands.FindLast(command => command.Kind == OperationKind.Transfer);
            var part = earlier is not null ? draw.Again(earlier)
                : Transfer(draw) with { Key = $"key-{draw.Number}-{line}" };
            parts.Add(part with { IsLine = true });
        }

        return draw.Plain(OperationKind.TransferBatch, "POST", "/v1/payments/transfers:batch", string.Join('\n',
            parts.Select(part => $"{{\"idempotencyKey\":\"{part.Key}\",{part.Body![1..]}"))) with
        { Parts = parts };
    }

    // Two to five legs, sometimes two on one account or a pair in another currency, and sometimes out of balance.
    private Operation Journal(Draw draw)
    {
        var currency = draw.Random.Percent(90) ? "EUR" : Amounts.Currencies[draw.Random.Below(3)].Code;
        var likely = draw.Random.Percent(85) ? _bank.Usable : _bank.Accounts;
        var accounts = likely.Where(account => account.Currency == currency).ToList();
        if (accounts.Count < 2) return Transfer(draw);
        List<(Guid Account, long Minor, string Currency)> legs = [];
        var sum = 0L;
        for (var leg = 1 + draw.Random.Below(4); leg > 0; leg--)
        {
            var account = KnownBank.Any(accounts, draw.Random).Id;
            var minor = draw.Random.Percent(60) ? -Amount(draw, account, 200) : 1 + draw.Random.Below(200);
            legs.Add((account, minor, currency));
            sum += minor;
        }

        if (draw.Random.Percent(20))
        {
            // Few legs, so that nothing else keeps them from being booked.
            if (draw.Random.Percent(50)) (sum, legs) = (0, []);
            sum += AddOtherCurrency(draw, currency, legs);
        }

        if (legs.Count == 0) return Transfer(draw);
        if (sum != 0 && !draw.Random.Percent(3)) legs.Add((Payer(draw, accounts, sum), -sum, currency));
        var written = string.Join(",", legs.Select(leg => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"accountId\":\"{leg.Account}\",\"amountMinor\":{leg.Minor},\"currency\":\"{leg.Currency}\"}}")));
        var least = draw.Random.Percent(30) ? 1 + draw.Random.Below(300) : 0;
        var minimum = least == 0 ? ""
            : $"{{\"accountId\":\"{legs[^1].Account}\",\"minimumMinor\":{least}}}";
        return draw.Command(
            OperationKind.Journal, "POST", SimulatedTransactions.Path,
            $"{{\"legs\":[{written}],\"conditions\":[{minimum}]}}") with
        { Subject = legs[0].Account, Currency = currency, Legs = legs, AmountMinor = least };
    }

    // One that can pay the sum, if there is one.
    private Guid Payer(Draw draw, List<(Guid Id, Guid Customer, string Currency)> accounts, long sum)
    {
        var rich = accounts.FindAll(account => _bank.Balance(account.Id) >= sum);
        return KnownBank.Any(rich.Count > 0 ? rich : accounts, draw.Random).Id;
    }

    // A pair of its own; or one leg that only the sum over both currencies balances, which nobody may book. Answers
    // what the first currency must add for that.
    private long AddOtherCurrency(Draw draw, string currency, List<(Guid Account, long Minor, string Currency)> legs)
    {
        var others = _bank.Accounts.Where(account => account.Currency != currency).ToList();
        if (others.Count == 0) return 0;
        var (id, _, other) = KnownBank.Any(others, draw.Random);
        var minor = 1L + draw.Random.Below(100);
        legs.Add((id, minor, other));
        if (draw.Random.Percent(50)) return minor;
        var same = others.FindAll(account => account.Currency == other);
        legs.Add((KnownBank.Any(same, draw.Random).Id, -minor, other));
        return 0;
    }

    private bool IsLike(Guid to, Guid from, string currency) =>
        to != from && _bank.Accounts.Any(account => account.Id == to && account.Currency == currency);

    private Operation PlaceHold(Draw draw)
    {
        var (id, _, currency) = _bank.Account(draw, pays: true);
        var amount = Amount(draw, id, 200);
        var most = draw.Random.Percent(50) ? 500_000 : 5_000_000;
        var atUs = draw.Random.Percent(60) ? draw.NowUs + 100_000 + draw.Random.Below(most) : 0;
        var expires = atUs == 0 ? "" : $",\"expiresAt\":\"{Draw.Time(atUs)}\"";
        return draw.Command(OperationKind.PlaceHold, "POST", $"/v1/accounts/{id}/holds",
            $"{Money(amount, currency)[..^1]}{expires}}}") with
        { Subject = id, AmountMinor = amount, Currency = currency, AtUs = atUs };
    }

    private Operation EndHold(Draw draw)
    {
        if (_bank.Holds.Count == 0) return PlaceHold(draw);
        // One that expires at this moment, or that was captured in part, if there is one.
        var near = _bank.Holds.FindAll(hold => Math.Abs(hold.ExpiresUs - draw.NowUs) < OpponentLimits.NearExpiryUs);
        var open = _bank.Holds.FindAll(hold => hold.RemainingMinor > 0
            && (hold.ExpiresUs == 0 || hold.ExpiresUs > draw.NowUs));
        var begun = _bank.Holds.FindAll(hold => hold.RemainingMinor > 0 && hold.RemainingMinor < hold.AmountMinor);
        var hold = near.Count > 0 && draw.Random.Percent(60) ? near[draw.Random.Below(near.Count)]
            : begun.Count > 0 && draw.Random.Percent(50) ? begun[draw.Random.Below(begun.Count)]
            : open.Count > 0 && draw.Random.Percent(60) ? open[draw.Random.Below(open.Count)]
            : KnownBank.Any(_bank.Holds, draw.Random);
        if (draw.Random.Percent(30))
        {
            return draw.Command(OperationKind.Release, "POST", $"/v1/holds/{hold.Id}/release", null) with
            { Subject = hold.Account, Hold = hold.Id, Currency = hold.Currency };
        }

        // A part, all that is left, one unit more than that, or as much again as was held.
        var amount = draw.Random.Below(10) switch
        {
            < 4 => 1 + draw.Random.Below(60),
            < 5 => hold.AmountMinor,
            < 7 => hold.RemainingMinor + 1,
            _ => 0L,
        };
        var isFinal = draw.Random.Percent(25);
        var body = amount == 0 ? $"{{{(isFinal ? "\"final\":true" : "")}}}"
            : $"{Money(amount, hold.Currency)[..^1]}{(isFinal ? ",\"final\":true" : "")}}}";
        return draw.Command(OperationKind.Capture, "POST", $"/v1/holds/{hold.Id}/capture", body) with
        {
            Subject = hold.Account,
            Hold = hold.Id,
            AmountMinor = amount,
            IsFinal = isFinal,
            Currency = hold.Currency,
        };
    }

    private Operation SetStatus(Draw draw)
    {
        var (id, _, currency) = _bank.Account(draw);
        var status = draw.Random.Below(10) switch { < 4 => "frozen", < 5 => "open", _ => "closed" };
        // What is frozen does not stay so for long.
        if (_bank.Frozen is { Count: > 0 } frozen && draw.Random.Percent(60))
        {
            (id, _, currency) = KnownBank.Any(frozen, draw.Random);
            status = "open";
        }

        return draw.Command(OperationKind.SetStatus, "PATCH", $"/v1/accounts/{id}", $"{{\"status\":\"{status}\"}}") with
        { Subject = id, Word = status, Currency = currency };
    }

    // A command again with its key, as after a lost answer: an unanswered one more often.
    private Operation Again(Draw draw)
    {
        if (_bank.Commands.Count == 0) return Read(draw);
        var from = _bank.Unanswered.Count > 0 && draw.Random.Percent(70) ? _bank.Unanswered : _bank.Commands;
        return draw.Again(KnownBank.Any(from, draw.Random));
    }

    // A key of another request.
    private Operation Misuse(Draw draw)
    {
        if (_bank.Commands.Count == 0) return Read(draw);
        var key = KnownBank.Any(_bank.Commands, draw.Random).Key;
        return Cash(draw, isDeposit: true) with { Key = key };
    }

    private Operation Read(Draw draw) => new ReadMoves(_bank).Next(draw);

    // An id that somebody has already, or a new one.
    private Guid ChosenId(Draw draw) => draw.Random.Below(4) switch
    {
        0 when _bank.Customers.Count > 0 => KnownBank.Any(_bank.Customers, draw.Random),
        1 when _bank.Accounts.Count > 0 => KnownBank.Any(_bank.Accounts, draw.Random).Id,
        // Two clients choose the same new id.
        2 => new SeededRandom((ulong)(draw.Number / 8)).NextGuid(),
        _ => draw.Random.NextGuid(),
    };

    // All that there is, often: an account is emptied while something of it is under way; or one unit more than it
    // can pay. Else mostly what it can pay.
    private long Amount(Draw draw, Guid account, int most)
    {
        var balance = _bank.Balance(account);
        if (draw.Random.Percent(8)) return Math.Max(0, _bank.Available(account)) + 1;
        if (balance > 0 && draw.Random.Percent(_plan.PayAllPercent)) return balance;
        return 1 + draw.Random.Below(
            balance > 0 && draw.Random.Percent(60) ? (int)Math.Min(most, balance) : most);
    }

    private static string Money(long minor, string currency) =>
        $"{{\"amount\":\"{Amounts.Write(minor, currency)}\",\"currency\":\"{currency}\"}}";

    private static string Chosen(string field, Guid id) => id == Guid.Empty ? "" : $",\"{field}\":\"{id}\"";
}
