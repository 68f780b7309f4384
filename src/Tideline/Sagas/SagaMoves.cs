using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>Creates the command that advances a stored saga.</summary>
internal static class SagaMoves
{
    /// <exception cref="TidelineException">Corrupt or IncompatibleData: this program cannot read it.</exception>
    public static LedgerCommand Of(
        SagaRow row, int shard, ShardMap map, SagaTrigger move, SagaDefinitions definitions)
    {
        definitions.Of(row);
        return row.Definition == TransactionSaga.Name
            ? AdvanceTransaction.Of(row, shard, map, move)
            : AdvanceSaga.Of(row, shard, move, definitions);
    }
}
