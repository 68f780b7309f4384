using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Every definition and version that this program can finish: those of the services, and the payout.
/// </summary>
public sealed class SagaDefinitions(IEnumerable<SagaDefinition> ofServices)
{
    private readonly Dictionary<(string, int), SagaDefinition> _byVersion = ofServices
        .Append(PayoutSaga.Version1).ToDictionary(definition => (definition.Name, definition.Version));

    /// <summary>The definition that an instance is pinned to.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know that version.</exception>
    public SagaDefinition Of(SagaRow row) => Of(row.Definition, row.DefinitionVersion);

    /// <summary>The same; null where this program does not know the version.</summary>
    public SagaDefinition? Find(SagaRow row) => _byVersion.GetValueOrDefault((row.Definition, row.DefinitionVersion));

    internal SagaDefinition Of(SagaVersion owner) => Of(owner.Definition, owner.Version);

    private SagaDefinition Of(string name, int version) => _byVersion.GetValueOrDefault((name, version))
        ?? throw new TidelineException(
            ErrorCode.IncompatibleData, $"A saga runs {name} version {version}, which this program does not have.");

    /// <summary>Refuses to start when a version that is still in flight was dropped.</summary>
    /// <exception cref="TidelineException">IncompatibleData, naming the versions.</exception>
    public async Task CheckInFlightAsync(GeneralLedger ledger, CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            foreach (var (name, version) in await ledger.RawReader(shard).GetSagaVersionsInFlightAsync(cancel))
            {
                if (!_byVersion.ContainsKey((name, version)))
                    throw new TidelineException(ErrorCode.IncompatibleData, $"Sagas of {name} version {version} are in "
                        + $"flight on shard {shard}; this program does not have that version and must not start.");
            }
        }
    }
}
