namespace Tideline.Tools.Opponent;

/// <summary>Draws a read: of accounts, holds, entries, lists and statements, at levels, tokens and times.</summary>
internal sealed class ReadMoves(KnownBank bank)
{
    // Parts of kinds, whatever their case; no other field that is searched has them.
    private static readonly string[] Words = ["deposit", "WITHDRAW", "transfer", "apture", "Journal"];

    private static readonly string[] Levels = ["eventual", OpponentLimits.Bound, "session", "strong"];

    /// <summary>The next of them.</summary>
    public Operation Next(Draw draw)
    {
        var (id, customer, _) = bank.Account(draw);
        switch (draw.Random.Below(10))
        {
            case 0: return draw.Plain(OperationKind.ReadAccount, "GET", $"/v1/accounts/{id}") with { Subject = id };
            case 1 when bank.Holds.Count > 0:
                var hold = KnownBank.Any(bank.Holds, draw.Random);
                return draw.Plain(OperationKind.ReadHold, "GET", $"/v1/holds/{hold.Id}") with
                { Subject = hold.Account, Hold = hold.Id };
            case 2:
                return draw.Plain(
                    OperationKind.ReadEntries, "GET", $"/v1/accounts/{id}/entries?limit={1 + draw.Random.Below(20)}")
                    with
                { Subject = id };
            case 3:
                var at = draw.NowUs - draw.Random.Below(draw.Random.Percent(50) ? 2_000 : 8_000_000);
                (id, var when) = draw.Random.Percent(40) && bank.Times.Count > 0
                    ? KnownBank.Any(bank.Times, draw.Random) : (id, Draw.Time(at));
                return draw.Plain(OperationKind.ReadBalance, "GET",
                    $"/v1/accounts/{id}/balance" + (draw.Random.Percent(70) ? $"?at={when}" : "")) with
                { Subject = id };
            case 4 when bank.Transfers.Count > 0:
                var transfer = KnownBank.Any(bank.Transfers, draw.Random);
                return draw.Plain(OperationKind.ReadTransfer, "GET", $"/v1/payments/transfers/{transfer}") with
                { Subject = transfer };
            case 5:
                var until = draw.Random.Percent(30) ? $"&to={Draw.Time(draw.NowUs)}" : "";
                var limit = 1 + draw.Random.Below(draw.Random.Percent(60) ? 2 : 8);
                var fromUs = draw.Random.Percent(25) ? draw.NowUs - draw.Random.Below(8_000_000) : 0;
                var since = fromUs == 0 ? "" : $"&from={Draw.Time(fromUs)}";
                var word = draw.Random.Percent(25) ? Words[draw.Random.Below(Words.Length)] : "";
                var searched = word.Length == 0 ? "" : $"&q={word}";
                var list = $"/v1/transactions?customerId={customer}&limit={limit}{until}{since}{searched}";
                return Fresh(draw, draw.Plain(OperationKind.ReadMovements, "GET", list) with
                {
                    IsWalk = true,
                    AtUs = until.Length == 0 ? 0 : draw.NowUs,
                    FromUs = fromUs,
                    Word = word,
                }, customer);
            case 6 or 7:
                return Statement(draw, id);
            case 8:
                // Several customers share an address.
                var email = $"c{draw.Random.Below(5)}@example.com";
                return Fresh(draw, draw.Plain(
                    OperationKind.FindCustomers, "GET", $"/v1/customers?email={email}&limit={1 + draw.Random.Below(4)}")
                    with
                { IsWalk = true, Word = email }, customer);
            default:
                return Fresh(
                    draw, draw.Plain(OperationKind.ReadCustomer, "GET", $"/v1/customers/{customer}"), customer);
        }
    }

    // From or to the very moment of an entry, often.
    private Operation Statement(Draw draw, Guid account)
    {
        var (from, to) = (Draw.Time(draw.NowUs - draw.Random.Below(8_000_000)), Draw.Time(draw.NowUs));
        if (bank.Times.Count > 0 && draw.Random.Percent(60))
        {
            (account, var at) = KnownBank.Any(bank.Times, draw.Random);
            var own = bank.Times.Where(time => time.Account == account).Select(time => time.At).ToList();
            if (draw.Random.Percent(60)) to = at;
            from = draw.Random.Percent(60) ? own.Min(StringComparer.Ordinal)! : Draw.Time(draw.NowUs - 20_000_000);
        }

        var end = draw.Random.Percent(75) ? $"&to={to}" : "";
        return draw.Plain(
            OperationKind.ReadStatement, "GET", $"/v1/accounts/{account}/statement?from={from}{end}") with
        { Subject = account };
    }

    private Operation Fresh(Draw draw, Operation read, Guid customer)
    {
        var level = Levels[draw.Random.Below(Levels.Length)];
        var after = level == "session" && bank.Tokens.Count > 0 ? KnownBank.Any(bank.Tokens, draw.Random) : null;
        return read with
        {
            Subject = customer,
            After = after,
            Consistency = level == "session" && after is null ? "strong" : level,
        };
    }
}
