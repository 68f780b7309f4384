using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Parks a saga that this program cannot advance because its row or its definition cannot be read. It reads nothing but
/// the row.
/// </summary>
internal sealed record ParkSaga(Guid SagaId) : LedgerCommand
{
    public override Guid RouteId => SagaId;

    internal override Guid Subject => SagaId;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Aggregates.Add(SagaId);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Saga(SagaId) is not { } row)
            return batch.Refuse(RefusalReason.SagaNotFound, $"There is no saga {SagaId}.", SagaId);
        if (row.WakeUs is not null)
            batch.Put(row with { State = SagaState.Parked, WakeUs = null, UpdatedUs = batch.TimeUs });
        return batch.Done(SagaId, 0);
    }
}
