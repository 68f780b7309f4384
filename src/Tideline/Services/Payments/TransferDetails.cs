using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>A transfer in full.</summary>
public sealed record TransferDetails(
    Guid TransferId, Guid From, Guid To, Money Amount, string? Reference,
    TransferStatus Status, Refusal? Refusal, DateTimeOffset CreatedAt, IReadOnlyList<SagaStepDetails> Steps)
{
    /// <summary>
    /// The last step of every transfer. Nothing is written when it is done: it is done once the views are past
    /// <see cref="UpdatedAt"/>.
    /// </summary>
    public static string ViewStep { get; } = TransferSaga.Version1.Steps[2].Name;

    /// <summary>When the saga last changed; a settled one has written all its events by then.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Parties and other details, if the payment's message had them.</summary>
    public TransactionDetails? Details { get; init; }

    internal static TransferStatus StatusOf(SagaRow row) => row.State switch
    {
        SagaState.Completed => TransferStatus.Settled,
        SagaState.Compensated or SagaState.Suspended or SagaState.PaidOut => TransferStatus.Refused,
        SagaState.Parked => TransferStatus.Parked,
        _ => TransferStatus.Running,
    };

    /// <summary>Why it was refused, and where its money is if it could not be returned to the source.</summary>
    internal static Refusal? RefusalOf(SagaData data)
    {
        if (data.RefusalReason == 0) return null;
        var held = data.SuspenseReason is null ? ""
            : data.PaidOutTo is { } account
                ? $" The source could not take the money back; the bank paid it out to account {account}."
            : $" The source could not take the money back, so the bank holds it: {data.SuspenseReason}";
        return new Refusal(data.RefusalReason, data.RefusalDetail + held);
    }

    internal static TransferDetails Of(SagaRow row)
    {
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        var history = SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray);
        List<SagaStepDetails> steps = [.. history.Select(
            line => new SagaStepDetails(line.Step, line.State, Clock.FromUs(line.AtUs), line.Attempts, line.Detail))];
        if (row.State.IsUnfinished())
            steps.Add(new SagaStepDetails(TransferSaga.Version1.Steps[row.Step].Name,
                row.State == SagaState.Parked ? "parked" : "running", null, row.Attempts, null));
        if (row.State == SagaState.Completed) steps.Add(ViewWaits());
        var refusal = RefusalOf(data);
        return new TransferDetails(
            row.Id, data.From, data.To, new Money(data.AmountMinor, Currency.Parse(data.Currency)),
            data.Reference, StatusOf(row), refusal, Clock.FromUs(row.CreatedUs), steps)
        {
            UpdatedAt = Clock.FromUs(row.UpdatedUs),
            Details = data.Details,
        };
    }

    private static SagaStepDetails ViewWaits() => new(ViewStep, "waiting", null, 0, null);
}

/// <summary>
/// A step of a saga: its name, <c>done | running | parked | refused | undone | suspended | waiting</c>, its time, and
/// the number of attempts.
/// </summary>
public sealed record SagaStepDetails(string Name, string State, DateTimeOffset? At, int Attempts, string? Detail);
