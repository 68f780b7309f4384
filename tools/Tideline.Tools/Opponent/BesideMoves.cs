namespace Tideline.Tools.Opponent;

/// <summary>
/// Draws what somebody does while a request of another one is under way: freezes or closes its account, sends it twice,
/// or asks for a statement that ends now.
/// </summary>
internal sealed class BesideMoves(KnownBank bank, int percent)
{
    /// <summary>An operation beside another one that has no answer yet; null: none.</summary>
    public Operation? Next(Draw draw, Operation under)
    {
        if (under.Key is null || !draw.Random.Percent(percent)) return null;
        // Emptied or empty, only what is under way keeps it open.
        if (under.Kind == OperationKind.Transfer && under.AmountMinor == bank.Balance(under.Subject)
            && draw.Random.Percent(80)) return Close(draw, under.Subject);
        if (under.Kind == OperationKind.Journal && EmptyOf(under) is { } empty && draw.Random.Percent(60))
            return Close(draw, empty);
        return under.Kind switch
        {
            OperationKind.CreateCustomer => Twice(draw, under),
            OperationKind.OpenAccount => draw.Random.Percent(60) ? Twice(draw, under) : SameIban(draw, under),
            OperationKind.Transfer => draw.Random.Below(5) switch
            {
                0 => Close(draw, under.Subject),
                1 => Status(draw, under.Other, draw.Random.Percent(60) ? "frozen" : "closed"),
                2 => Twice(draw, under),
                _ => Now(draw, draw.Random.Percent(50) ? under.Subject : under.Other),
            },
            OperationKind.Journal => draw.Random.Below(4) switch
            {
                0 => Close(draw, under.Legs[0].Account),
                1 => Status(draw, under.Legs[draw.Random.Below(under.Legs.Count)].Account, "frozen"),
                _ => Now(draw, under.Legs[draw.Random.Below(under.Legs.Count)].Account),
            },
            OperationKind.PlaceHold => draw.Random.Percent(50)
                ? Status(draw, under.Subject, "frozen") : Close(draw, under.Subject),
            OperationKind.Deposit when draw.Random.Percent(30) => Close(draw, under.Subject),
            _ => draw.Random.Percent(70) ? Now(draw, under.Subject) : Twice(draw, under),
        };
    }

    /// <summary>
    /// A second operation beside one: the source of a transfer whose destination was just frozen or closed is frozen,
    /// or a list is read strongly after an account was; null: none.
    /// </summary>
    public Operation? After(Draw draw, Operation under, Operation before) => before.Kind switch
    {
        OperationKind.SetStatus when under.Kind == OperationKind.Transfer && before.Subject == under.Other
            && draw.Random.Percent(60) => Status(draw, under.Subject, "frozen"),
        OperationKind.ReadAccount when bank.CustomerOf(before.Subject) is var customer && customer != Guid.Empty =>
            Strong(draw, customer),
        _ => null,
    };

    private static Operation Twice(Draw draw, Operation under) => draw.Again(under);

    // Another request for the same name, at the same moment.
    private static Operation SameIban(Draw draw, Operation under)
    {
        if (under.Word.Length == 0) return Twice(draw, under);
        var body = $"{{\"customerId\":\"{under.Other}\",\"currency\":\"{under.Currency}\",\"iban\":\"{under.Word}\"}}";
        return draw.Command(OperationKind.OpenAccount, under.Method, under.Target, body) with
        { Other = under.Other, Currency = under.Currency, Word = under.Word };
    }

    private static Operation Close(Draw draw, Guid account) => Status(draw, account, "closed");

    private static Operation Status(Draw draw, Guid account, string status) => draw.Command(
        OperationKind.SetStatus, "PATCH", $"/v1/accounts/{account}", $"{{\"status\":\"{status}\"}}") with
    { Subject = account, Word = status };

    // An account that gets something and had nothing.
    private Guid? EmptyOf(Operation under) => under.Legs.Where(leg => leg.Minor > 0 && bank.Balance(leg.Account) == 0)
        .Select(leg => (Guid?)leg.Account).FirstOrDefault();

    private static Operation Strong(Draw draw, Guid customer) => draw.Plain(
        OperationKind.ReadMovements, "GET", $"/v1/transactions?customerId={customer}&limit=20") with
    { Subject = customer, Consistency = "strong", IsWalk = true };

    // What is read as of now must not change when the request is done.
    private Operation Now(Draw draw, Guid account)
    {
        if (draw.Random.Percent(20))
        {
            return draw.Plain(OperationKind.ReadAccount, "GET", $"/v1/accounts/{account}") with { Subject = account };
        }

        var now = Draw.Time(draw.NowUs);
        if (draw.Random.Percent(35) && bank.CustomerOf(account) is var customer && customer != Guid.Empty)
        {
            return draw.Plain(
                OperationKind.ReadMovements, "GET", $"/v1/transactions?customerId={customer}&limit=4&to={now}") with
            { Subject = customer, Consistency = "strong", IsWalk = true, AtUs = draw.NowUs };
        }

        var target = draw.Random.Percent(50) ? $"balance?at={now}"
            : $"statement?from={Draw.Time(draw.NowUs - 4_000_000)}&to={now}";
        return draw.Plain(
            target[0] == 'b' ? OperationKind.ReadBalance : OperationKind.ReadStatement, "GET",
            $"/v1/accounts/{account}/{target}") with
        { Subject = account };
    }
}
