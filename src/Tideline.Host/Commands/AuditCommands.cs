using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary><c>audit</c>: the hash chain over everything the ledger said.</summary>
internal static class AuditCommands
{
    public static Command Build() => new("audit", "Walk along the audit chain, or print its head.")
    {
        new Command("verify", "Recompute every hash and compare every row; exit 1 when one bit differs.").Asks(
            (_, node, cancel) => node.GetAsync("/v1/ops/audit/verify", cancel),
            "", answer => answer.GetProperty("ok").GetBoolean()),
        new Command("head", "The newest sealed block of each shard; keep a copy elsewhere.")
            .Asks((_, node, cancel) => node.GetAsync("/v1/ops/audit/head", cancel), ""),
    };
}
