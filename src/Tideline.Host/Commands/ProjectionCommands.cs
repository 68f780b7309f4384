using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary><c>projections</c>: how far the views are, and building them anew.</summary>
internal static class ProjectionCommands
{
    public static Command Build() => new("projections", "How far the views are, and building them anew.")
    {
        new Command("status", "Watermark, lag and health, shard by shard; exit 1 when one is unhealthy.").Asks(
            (_, node, cancel) => node.GetAsync("/v1/ops/projections", cancel), "", answer => answer.GetProperty("items").EnumerateArray().All(item => item.GetProperty("healthy").GetBoolean())),
        new Command("rebuild", "Build the views anew beside the live ones, compare, and switch.").Asks((_, node, cancel) => node.PostAsync("/v1/ops/projections/rebuild", "{}", cancel), ""),
    };
}
