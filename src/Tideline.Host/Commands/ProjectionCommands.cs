using System.CommandLine;
using System.Text.Json;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary><c>projections</c>: how far the views are, and building them anew.</summary>
internal static class ProjectionCommands
{
    private const string RebuildPath = "/v1/ops/projections/rebuild";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    public static Command Build() => new("projections", "How far the views are, and building them anew.")
    {
        new Command("status", "Watermark, lag and health, shard by shard; exit 1 when one is unhealthy.").Asks(
            (_, node, cancel) => node.GetAsync("/v1/ops/projections", cancel), "", answer => answer.GetProperty("items").EnumerateArray().All(item => item.GetProperty("healthy").GetBoolean())),
        new Command("rebuild", "Build the views anew beside the live ones, compare, and switch; exit 1 when that was refused.").Asks(
            (_, node, cancel) => RebuildAsync(node, cancel), "", answer => answer.GetProperty("phase").GetString() == "switched"),
    };

    // A node that this command started itself ends with it, so the rebuild must have ended before.
    private static async Task<JsonElement> RebuildAsync(OpsClient node, CancellationToken cancel)
    {
        await node.PostAsync(RebuildPath, "{}", cancel);
        while (true)
        {
            var status = await node.GetAsync(RebuildPath, cancel);
            if (status.GetProperty("phase").GetString() is not ("idle" or "building" or "comparing")) return status;
            await Task.Delay(Poll, cancel);
        }
    }
}
