using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>A transfer in full.</summary>
public sealed record TransferDetails(
    Guid TransferId, Guid From, Guid To, Money Amount, string? Reference, TransferStatus Status, Refusal? Refusal, DateTimeOffset CreatedAt, IReadOnlyList<SagaStepDetails> Steps)
{
    internal static TransferStatus StatusOf(SagaRow row) => row.State switch
    {
        SagaState.Completed => TransferStatus.Settled,
        SagaState.Compensated => TransferStatus.Refused,
        SagaState.Parked => TransferStatus.Parked,
        _ => TransferStatus.Running,
    };

    internal static async Task<TransferDetails?> ReadAsync(SagaRow row, IShardReader reader, CancellationToken cancel)
    {
        if (row.Data.Length > 0) return FromSaga(row);
        // A transfer within its shard keeps nothing in the saga that its transaction says already.
        if (await reader.GetTransactionAsync(row.Id, cancel) is not { } transaction) return null;
        IReadOnlyList<SagaStepDetails> steps = [.. TransferSaga.Version1.Steps.Take(2).Select(step => new SagaStepDetails(step.Name, "done", Clock.FromUs(row.CreatedUs), 1, null)), View(row)];
        return new TransferDetails(
            row.Id, transaction.Legs[0].AccountId, transaction.Legs[1].AccountId, new Money(transaction.AmountMinor, transaction.Currency), transaction.Reference, TransferStatus.Settled, null,
            Clock.FromUs(row.CreatedUs), steps);
    }

    private static TransferDetails FromSaga(SagaRow row)
    {
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        var history = SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray);
        List<SagaStepDetails> steps = [.. history.Select(line => new SagaStepDetails(line.Step, line.State, Clock.FromUs(line.AtUs), line.Attempts, line.Detail))];
        if (row.State is SagaState.Running or SagaState.Compensating or SagaState.Parked)
            steps.Add(new SagaStepDetails(TransferSaga.Version1.Steps[row.Step].Name, row.State == SagaState.Parked ? "parked" : "running", null, row.Attempts, null));
        if (row.State == SagaState.Completed) steps.Add(View(row));
        var refusal = data.RefusalReason == 0 ? null : new Refusal(data.RefusalReason, data.RefusalDetail ?? "");
        return new TransferDetails(
            row.Id, data.From, data.To, new Money(data.AmountMinor, Currency.Parse(data.Currency)), data.Reference, StatusOf(row), refusal, Clock.FromUs(row.CreatedUs), steps);
    }

    private static SagaStepDetails View(SagaRow row) => new(TransferSaga.Version1.Steps[2].Name, "waiting", null, 0, $"positions of {Clock.FromUs(row.UpdatedUs):O}");
}

/// <summary>A step of a saga as it went: name, <c>done | running | parked | refused | undone | waiting</c>, when, how often it was tried.</summary>
public sealed record SagaStepDetails(string Name, string State, DateTimeOffset? At, int Attempts, string? Detail);
