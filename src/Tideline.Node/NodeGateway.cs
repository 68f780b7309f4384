using Tideline.Audit;
using Tideline.Gateway;

namespace Tideline.Node;

/// <summary>The gateway of a node.</summary>
public static class NodeGateway
{
    /// <summary>The parts of a node behind the gateway.</summary>
    public static GatewayParts PartsOf(TidelineNode node) => new()
    {
        Ledger = node.Ledger, Sagas = node.Sagas, SagaLetters = node.SagaLetters, SagaWatch = node.SagaWatch,
        Receipts = new ReceiptIssuer(node.Ledger, node.Log, node.Options.Time),
        Health = node.Health, FindProjections = () => node.OpenProjections, FindCached = () => node.Cached,
        MakeVerifier = () => node.Verifier, LogFaults = () => node.Log.Faults, Receiver = node.Receiver,
        Time = node.Options.Time, Backup = node.Backup is { } backup ? backup.WriteAsync : null,
        ServiceRoutes = (routes, parts) =>
            ServiceRegistration.MapAll(node.Options.Services, node.Services, routes, parts),
    };
}
