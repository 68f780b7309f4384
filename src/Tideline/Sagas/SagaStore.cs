using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>Reads and writes sagas as aggregates of a shard.</summary>
internal static class SagaStore
{
    private static readonly AggregateFilter Unfinished = FilterOf(
        SagaState.Running, SagaState.Compensating, SagaState.Parked);

    /// <summary>A saga, or a dead letter of sagas; null if the id names neither.</summary>
    public static async ValueTask<SagaRow?> GetSagaAsync(this IShardReader reader, Guid id, CancellationToken cancel) =>
        Read(await reader.GetAggregateAsync(id, cancel));

    /// <summary>Those of these ids that name a saga, or a dead letter of sagas, in a few calls: for checks.</summary>
    public static async ValueTask<IReadOnlyList<SagaRow>> GetSagasAsync(
        this IShardReader reader, IEnumerable<Guid> ids, CancellationToken cancel)
    {
        var keys = new BatchKeys();
        keys.Aggregates.UnionWith(ids);
        return [.. (await reader.GetRowsAsync(keys, cancel)).Aggregates.Values.Select(Read).OfType<SagaRow>()];
    }

    /// <summary>Sagas whose wake time has come, earliest first.</summary>
    public static async ValueTask<IReadOnlyList<SagaRow>> GetDueSagasAsync(
        this IShardReader reader, long atUs, int limit, CancellationToken cancel) =>
        Read(await reader.GetDueAggregatesAsync(SagaCodec.KindPrefix, atUs, limit, cancel));

    /// <summary>
    /// Sagas in a state (null: every unfinished one), after an id, in the order of ids. Completed sagas require a table
    /// scan.
    /// </summary>
    public static async ValueTask<IReadOnlyList<SagaRow>> GetSagasAsync(
        this IShardReader reader, SagaState? state, Guid after, int limit, CancellationToken cancel) =>
        Read(await reader.GetAggregatesAsync(state is { } one ? FilterOf(one) : Unfinished, after, limit, cancel));

    /// <summary>The kinds of unfinished sagas.</summary>
    internal static ValueTask<IReadOnlyList<string>> GetSagaKindsInFlightAsync(
        this IShardReader reader, CancellationToken cancel) => reader.GetAggregateKindsAsync(Unfinished, cancel);

    /// <summary>The claims of sagas on accounts, for the balance check.</summary>
    internal static AggregateClaims Claims(Func<SagaRow, AggregateClaim?> claimOf) => new(
        new AggregateFilter(
            "saga",
            [
                .. FilterOf(SagaState.Running, SagaState.Compensating, SagaState.Parked, SagaState.Suspended).States,
                Reservation.Reserved,
            ]),
        aggregate => aggregate.Kind == Reservation.Kind ? Reservation.Read(aggregate).Claims()
            : claimOf(SagaCodec.Read(aggregate)) is { } claim ? [claim] : []);

    /// <summary>A saga of the batch; null if none has that id.</summary>
    internal static SagaRow? Saga(this Batch batch, Guid id) => Read(batch.Rows.Aggregates.GetValueOrDefault(id));

    /// <summary>Stores a saga's new state; later commands of the batch see it.</summary>
    internal static void Put(this Batch batch, SagaRow saga)
    {
        var version = batch.Rows.Aggregates.TryGetValue(saga.Id, out var known) ? known.Version : 0;
        batch.Put(SagaCodec.Write(saga, version + 1));
    }

    // Only letters are set aside, and they have their own kind.
    private static AggregateFilter FilterOf(params SagaState[] states) => new(
        states is [SagaState.SetAside] ? SagaCodec.LetterKind : SagaCodec.KindPrefix,
        [.. states.Select(state => state.Word())], states is [var one] && one.IsAtRest());

    private static SagaRow? Read(AggregateRow? row) => row is not null && IsSaga(row) ? SagaCodec.Read(row) : null;

    private static IReadOnlyList<SagaRow> Read(IReadOnlyList<AggregateRow> rows) => [.. rows.Select(SagaCodec.Read)];

    /// <summary>Whether an aggregate is a saga, or a dead letter of sagas.</summary>
    internal static bool IsSaga(AggregateRow row) =>
        row.Kind.StartsWith(SagaCodec.KindPrefix, StringComparison.Ordinal) || row.Kind == SagaCodec.LetterKind;
}
