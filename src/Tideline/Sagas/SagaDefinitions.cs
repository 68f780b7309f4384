using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>
/// All definitions and versions that this program can finish: those of the services, the payout, and the transaction
/// across shards.
/// </summary>
public sealed class SagaDefinitions(IEnumerable<SagaDefinition> ofServices)
{
    private readonly Dictionary<(string, int), SagaDefinition> _byVersion = ofServices.Concat(OfTheCore)
        .ToDictionary(definition => (definition.Name, definition.Version));

    /// <summary>The definitions that belong to no service.</summary>
    public static IReadOnlyList<SagaDefinition> OfTheCore { get; } = [PayoutSaga.Version1, TransactionSaga.Version1];

    /// <summary>The definition that an instance is pinned to.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know that version.</exception>
    public SagaDefinition Of(SagaRow row) => Of(row.Definition, row.DefinitionVersion);

    /// <summary>As above; null if this program does not know the version.</summary>
    public SagaDefinition? Find(SagaRow row) => _byVersion.GetValueOrDefault((row.Definition, row.DefinitionVersion));

    /// <summary>
    /// A saga of a shard: its row, or the single transaction that did the whole saga within the shard. Null if there is
    /// neither.
    /// </summary>
    public async ValueTask<SagaRow?> FindAsync(IShardReader reader, Guid id, CancellationToken cancel) =>
        await reader.GetTransactionAsync(id, cancel) is { } transaction && Within(transaction) is { } saga
            ? saga
            : await reader.GetSagaAsync(id, cancel);

    internal SagaDefinition Of(SagaVersion owner) => Of(owner.Definition, owner.Version);

    /// <summary>
    /// The completed saga that corresponds to a transaction within a shard, in the newest version of its definition,
    /// since no step is left for an older one. Null if the transaction is not a saga.
    /// </summary>
    internal SagaRow? Within(TransactionRow transaction)
    {
        if (transaction.SagaId != transaction.Id
            || transaction.Legs is not [var from, var to] || transaction.Amount is not { } amount
            || DerivedId.IsDerived(from.AccountId) || DerivedId.IsDerived(to.AccountId)
            || _byVersion.Values.Where(one => one.Within == transaction.Kind).MaxBy(one => one.Version)
                is not { } definition)
            return null;
        var data = new SagaData
        {
            From = from.AccountId,
            To = to.AccountId,
            AmountMinor = amount.Minor,
            Currency = amount.Currency.Code,
            Reference = transaction.Reference,
            Details = transaction.Details,
        };
        var next = definition.PivotStep + 1;
        List<SagaHistory> history = [.. definition.Steps.Take(next).Select(
            step => new SagaHistory(step.Name, "done", transaction.TimeUs, 1, null))];
        var row = new SagaRow(
            transaction.Id, definition.Name, definition.Version, SagaState.Completed, next, 0, null, [], [],
            transaction.TimeUs, transaction.TimeUs);
        return SagaTimers.Write(row, data, history, transaction.TimeUs);
    }

    private SagaDefinition Of(string name, int version) => _byVersion.GetValueOrDefault((name, version))
        ?? throw new TidelineException(
            ErrorCode.IncompatibleData, $"A saga runs {name} version {version}, which this program does not have.");

    /// <summary>Refuses to start if a version that is still in flight is missing.</summary>
    /// <exception cref="TidelineException">IncompatibleData, naming the versions.</exception>
    public async Task CheckInFlightAsync(GeneralLedger ledger, CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            foreach (var kind in await ledger.RawReader(shard).GetSagaKindsInFlightAsync(cancel))
            {
                if (SagaCodec.DefinitionOf(kind) is not { } definition || !_byVersion.ContainsKey(definition))
                    throw new TidelineException(ErrorCode.IncompatibleData, $"Sagas of kind {kind} are in "
                        + $"flight on shard {shard}; this program does not have that version and must not start.");
            }
        }
    }
}
