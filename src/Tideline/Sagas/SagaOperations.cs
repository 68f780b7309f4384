using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Sagas;

/// <summary>Operator queries and commands for sagas.</summary>
public sealed class SagaOperations(GeneralLedger ledger, SagaDefinitions definitions)
{
    /// <summary>Sagas in a state (null: every unfinished one) on all shards, up to <paramref name="limit"/>.</summary>
    public Task<SagaPage<SagaSummary>> ListAsync(SagaState? state, int limit, CancellationToken cancel) =>
        ListAsync(state, default, limit, cancel);

    /// <summary>As above, after a given place, ordered by shard and id.</summary>
    public Task<SagaPage<SagaSummary>> ListAsync(
        SagaState? state, (int Shard, Guid Id) after, int limit, CancellationToken cancel) =>
        SagaPages.ReadAsync(ledger, state, after, limit, Summary, cancel);

    /// <summary>One saga with its history; null when there is none.</summary>
    public async Task<(SagaSummary Summary, IReadOnlyList<SagaHistory> History)?> ShowAsync(
        Guid sagaId, CancellationToken cancel) =>
        await FindAsync(sagaId, cancel) is var (row, shard)
            ? (
                Summary(row, shard), SagaJson.Read(row.History, SagaJson.Default.SagaHistoryArray))
            : null;

    /// <summary>Retries a parked saga from its present step. Returns the refusal if it is not parked.</summary>
    public Task<Refusal?> RetryAsync(Guid sagaId, CancellationToken cancel) =>
        MoveAsync(sagaId, SagaTrigger.Retry, cancel);

    /// <summary>Compensates a parked saga. Returns the refusal if it is not parked or is past its pivot.</summary>
    public Task<Refusal?> CompensateAsync(Guid sagaId, CancellationToken cancel) =>
        MoveAsync(sagaId, SagaTrigger.Compensate, cancel);

    /// <summary>
    /// Pays out, once, the money that a suspended saga has on suspense: to the account that it was taken from, or to
    /// another account of the same currency (<paramref name="to"/>) on any shard.
    /// </summary>
    /// <returns>
    /// The refusal, if the saga has nothing on suspense or the account cannot take it; then nothing changed.
    /// </returns>
    public async Task<Refusal?> PayOutAsync(Guid sagaId, Guid? to, CancellationToken cancel)
    {
        if (await FindAsync(sagaId, cancel) is not var (row, shard))
            return new Refusal(RefusalReason.SagaNotFound, $"There is no saga {sagaId}.");
        if (row.State != SagaState.Suspended)
            return new Refusal(
                RefusalReason.NothingOnSuspense, $"Saga {sagaId} is {row.State.Word()}: it has nothing on suspense.");
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        var (target, currency) = (to ?? data.From, Currency.Parse(data.Currency));
        var payout = new PayOut(sagaId, ledger.Map.NextOn(shard, ledger.Ids), data.From, target, currency);
        if (ledger.Map.ShardOf(target) != shard)
            payout = payout with
            {
                Known = AccountRules.Usable(
                    await ledger.ReaderOf(target).GetAccountAsync(target, cancel), target, currency),
            };
        return (await ledger.SubmitAsync(shard, payout)).Refusal;
    }

    private async Task<Refusal?> MoveAsync(Guid sagaId, SagaTrigger move, CancellationToken cancel)
    {
        if (await FindAsync(sagaId, cancel) is not var (row, shard))
            return new Refusal(RefusalReason.SagaNotFound, $"There is no saga {sagaId}.");
        if (row.State != SagaState.Parked)
            return new Refusal(
                RefusalReason.SagaNotParked, $"Saga {sagaId} is not parked; there is nothing for an operator to do.");
        return (await ledger.SubmitAsync(shard, SagaMoves.Of(row, shard, ledger.Map, move, definitions))).Refusal;
    }

    private async Task<(SagaRow Row, int Shard)?> FindAsync(Guid sagaId, CancellationToken cancel)
    {
        var shard = ledger.Map.ShardOf(sagaId);
        return await definitions.FindAsync(ledger.Reader(shard), sagaId, cancel) is { } row ? (row, shard) : null;
    }

    private SagaSummary Summary(SagaRow row, int shard)
    {
        var steps = definitions.Find(row)?.Steps;
        var data = SagaJson.DataOf(row);
        return new SagaSummary(
            row.Id, row.Definition, row.DefinitionVersion, row.State,
            steps is not null && row.Step < steps.Count ? steps[row.Step].Name : "", row.Attempts, shard,
            Clock.FromUs(row.CreatedUs), Clock.FromUs(row.UpdatedUs),
            row.WakeUs is { } wake ? Clock.FromUs(wake) : null)
        {
            Amount = data is not null && Currency.TryParse(data.Currency, out var currency)
                ? new Money(data.AmountMinor, currency)
                : null,
            SuspenseReason = data?.SuspenseReason,
            PayoutId = data?.PayoutId,
        };
    }
}

/// <summary>Summary of a saga.</summary>
public sealed record SagaSummary(
    Guid SagaId, string Definition, int Version, SagaState State, string Step, int Attempts, int Shard,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? WakesAt)
{
    /// <summary>The amount it moves; null if that cannot be read.</summary>
    public Money? Amount { get; init; }

    /// <summary>Why its money went to suspense; null if it did not.</summary>
    public string? SuspenseReason { get; init; }

    /// <summary>The saga that pays its money out to another shard.</summary>
    public Guid? PayoutId { get; init; }
}
