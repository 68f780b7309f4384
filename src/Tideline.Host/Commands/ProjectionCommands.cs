using System.CommandLine;
using System.Text.Json;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary><c>projections</c>: how far the views are, and building them anew.</summary>
internal static class ProjectionCommands
{
    private const string RebuildPath = "/v1/ops/projections/rebuild";
    private const string RepairPath = "/v1/ops/projections/repair";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private static readonly Option<bool> Force =
        new("--force") { Description = "Build and switch without comparing with the live views." };

    private static readonly Argument<Guid> Customer = new("CUSTOMER") { Description = "The customer's id." };

    public static Command Build() => new("projections", "Show how far the views are, and rebuild or repair them.")
    {
        new Command("status", "Show watermark, lag and health per shard; exit 1 if one is unhealthy.").Asks(
            (_, node, cancel) => node.GetAsync("/v1/ops/projections", cancel), "", answer =>
                answer.GetProperty("items").EnumerateArray().All(item => item.GetProperty("healthy").GetBoolean())),
        new Command("rebuild", "Rebuild the views beside the live ones, compare, and switch; exit 1 if the switch was "
            + "refused.") { Force }.Asks(
            (parsed, node, cancel) => RebuildAsync(node, parsed.GetValue(Force), cancel),
            "", answer => answer.GetProperty("phase").GetString() == "switched"),
        new Command("repair", "Rebuild the documents of one customer from the ledger; exit 1 if that failed.")
        {
            Customer,
        }.Asks(
            (parsed, node, cancel) => node.PostAsync($"{RepairPath}/{parsed.GetValue(Customer)}", cancel), "",
            answer => answer.GetProperty("reason").ValueKind == JsonValueKind.Null),
    };

    // A node that this command started itself ends with it, so the rebuild must have ended before.
    private static async Task<JsonElement> RebuildAsync(OpsClient node, bool force, CancellationToken cancel)
    {
        await node.PostAsync(RebuildPath, force ? """{"force":true}""" : "{}", cancel);
        var progress = new ProgressLine();
        while (true)
        {
            var status = await node.GetAsync(RebuildPath, cancel);
            var phase = status.GetProperty("phase").GetString();
            if (phase is not ("idle" or "building" or "comparing"))
            {
                progress.End();
                return status;
            }

            progress.Say(phase == "comparing"
                ? $"comparing: {status.GetProperty("compared")} documents, {status.GetProperty("differing")} differ"
                : $"{phase}: {status.GetProperty("eventsApplied")} of {status.GetProperty("eventsTotal")} events");
            await Task.Delay(Poll, cancel);
        }
    }
}
