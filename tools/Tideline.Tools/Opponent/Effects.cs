namespace Tideline.Tools.Opponent;

/// <summary>Finds the events that a command made.</summary>
internal static class Effects
{
    /// <summary>The id that the answer gives to what was done.</summary>
    public static Guid IdOf(Operation began, Operation answer) => began.Kind switch
    {
        OperationKind.CreateCustomer => answer.Id("customerId"),
        OperationKind.OpenAccount => answer.Id("accountId"),
        OperationKind.PlaceHold or OperationKind.Release => answer.Id("holdId"),
        OperationKind.Transfer => answer.Id("transferId"),
        OperationKind.SetStatus => answer.Id("accountId"),
        _ => answer.Id("transactionId"),
    };

    /// <summary>The events of a command that was answered as done.</summary>
    public static IEnumerable<Fact> Of(BankModel model, Operation began, Operation answer)
    {
        var id = IdOf(began, answer);
        switch (began.Kind)
        {
            case OperationKind.CreateCustomer:
                // The model keeps no fact of a customer beside its position.
                return model.Customers.TryGetValue(id, out var place) ? [Placed(place, id)] : [];
            case OperationKind.OpenAccount:
                return model.Accounts.TryGetValue(id, out var account) ? [account.States[0].Fact] : [];
            case OperationKind.PlaceHold:
                return model.Holds.TryGetValue(id, out var hold) ? [hold.Placed] : [];
            case OperationKind.Release:
                return model.Holds.TryGetValue(began.Hold, out var ended) && ended.Ended is { } end ? [end] : [];
            case OperationKind.SetStatus:
                return model.Accounts.TryGetValue(began.Subject, out var changed)
                    && changed.At(answer.Answer.GetProperty("version").GetInt64()) is { } state
                    && state.Fact.Kind == "status" ? [state.Fact] : [];
            default:
                return model.Transactions.Values.SelectMany(facts => facts)
                    .Where(fact => fact.Id("transactionId") == id || fact.Id("sagaId") == id);
        }
    }

    private static Fact Placed((int Shard, long Seq) place, Guid id) =>
        new(place.Shard, place.Seq, "CUSTOMER_CREATED", id, 1, 0, "{}"u8.ToArray());
}
