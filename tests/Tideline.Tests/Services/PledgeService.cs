using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services;

namespace Tideline.Tests.Services;

/// <summary>
/// A service as small as one can be: a pledge is kept on the shard of the account that gives, tells of itself, and a
/// saga carries its money to an account anywhere.
/// </summary>
internal sealed class PledgeService : BankService
{
    public override string Name => "pledges";

    public override IReadOnlyList<CommandKind> Commands => [new("pledge", PledgeJson.Default.Pledge)];

    public override IReadOnlyList<EventKind> Events => [Pledge.Happened];

    public override IReadOnlyList<RefusalKind> Refusals => [Pledge.TooSmall];

    public override IReadOnlyList<TransactionKindName> TransactionKinds => [Gift.Kind];

    public override IReadOnlyList<SagaDefinition> Sagas => [Gift.Saga];

    public override IReadOnlyList<ProjectionDefinition> Projections => [PledgesProjection.Definition];

    public override IReadOnlyList<DocumentPart> DocumentParts => [PledgesProjection.OfCustomers];

    public override IReadOnlyList<ServiceCheck> Checks =>
        [new("a pledge is made once", PledgeCheck.RunAsync)];
}
