using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary><c>audit</c>: the hash chain over all events of the ledger.</summary>
internal static class AuditCommands
{
    public static Command Build() => new("audit", "Verify the audit chain, or print its head.")
    {
        new Command("verify", "Recompute every hash and compare every row; exit 1 on any difference.").Asks(
            (_, node, cancel) => node.GetAsync("/v1/ops/audit/verify", cancel),
            "", answer => answer.GetProperty("ok").GetBoolean()),
        new Command("head", "Print the newest sealed block of each shard; keep a copy elsewhere.")
            .Asks((_, node, cancel) => node.GetAsync("/v1/ops/audit/head", cancel), ""),
    };
}
