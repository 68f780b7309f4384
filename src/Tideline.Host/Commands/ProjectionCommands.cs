using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary><c>projections</c>: their progress, rebuild and repair.</summary>
internal static class ProjectionCommands
{
    private const string RebuildPath = "/v1/ops/projections/rebuild";
    private const string RepairPath = "/v1/ops/projections/repair";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private static readonly Option<bool> Force =
        new("--force") { Description = "Build and switch without comparing with the live views." };

    private static readonly Argument<string?> Name = new("NAME")
    {
        Description = "The projection, such as customers; without it, all.", Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Argument<string> Which = new("NAME") { Description = "The projection, such as customers." };
    private static readonly Argument<string> Key = new("KEY")
    {
        Description = "The id of the document; in customers, the id of the customer.",
    };

    public static Command Build() => new("projections", "Show the progress of projections, and rebuild or repair them.")
    {
        new Command("status", "Show watermark, lag and health per shard; exit 1 if one is unhealthy.") { Name }.Asks(
            (parsed, node, cancel) => node.GetAsync($"/v1/ops/projections{Query(parsed.GetValue(Name))}", cancel), "",
            answer =>
                answer.GetProperty("items").EnumerateArray().All(item => item.GetProperty("healthy").GetBoolean())),
        new Command("rebuild",
            "Rebuild one projection or all beside the live views, compare, and switch; exit 1 if a "
            + "switch was refused.") { Name, Force }.Asks(
            (parsed, node, cancel) =>
                RebuildAsync(node, parsed.GetValue(Name), parsed.GetValue(Force), cancel), "", AreSwitched),
        new Command(
            "compare", "Compare one document with the rows of the ledger, and say who was edited; exit 1 if they do "
            + "not agree.")
        {
            Which, Key,
        }.Asks(
            (parsed, node, cancel) => node.GetAsync(
                $"/v1/ops/projections/compare/{Uri.EscapeDataString(parsed.GetRequiredValue(Key))}"
                + Query(parsed.GetRequiredValue(Which)), cancel),
            "", answer => answer.GetProperty("ok").GetBoolean()),
        new Command("repair", "Rebuild one document from the ledger; exit 1 if that failed.")
        {
            Which, Key,
        }.Asks(
            (parsed, node, cancel) => node.PostAsync(
                $"{RepairPath}/{Uri.EscapeDataString(parsed.GetRequiredValue(Key))}",
                new JsonObject { ["projection"] = parsed.GetRequiredValue(Which) }.ToJsonString(), cancel), "",
            answer => answer.GetProperty("reason").ValueKind == JsonValueKind.Null),
    };

    private static string Query(string? name) => name is null ? "" : $"?projection={Uri.EscapeDataString(name)}";

    private static bool AreSwitched(JsonElement answer) => answer.GetProperty("items").EnumerateArray()
        .All(item => item.GetProperty("phase").GetString() == "switched");

    // A node that this command started itself ends with it, so the rebuild must end first.
    private static async Task<JsonElement> RebuildAsync(
        OpsClient node, string? name, bool force, CancellationToken cancel)
    {
        var asked = new JsonObject { ["force"] = force };
        if (name is not null) asked["projection"] = name;
        await node.PostAsync(RebuildPath, asked.ToJsonString(), cancel);
        var progress = new ProgressLine();
        while (true)
        {
            var answer = await node.GetAsync(RebuildPath + Query(name), cancel);
            var underWay = answer.GetProperty("items").EnumerateArray().FirstOrDefault(
                item => item.GetProperty("phase").GetString() is "building" or "comparing");
            if (underWay.ValueKind == JsonValueKind.Undefined && answer.GetProperty("items").EnumerateArray()
                .All(item => item.GetProperty("phase").GetString() is not ("idle" or "waiting")))
            {
                progress.End();
                return answer;
            }

            if (underWay.ValueKind != JsonValueKind.Undefined) progress.Say(Sentence(underWay));
            await Task.Delay(Poll, cancel);
        }
    }

    private static string Sentence(JsonElement item)
    {
        var (name, phase) = (item.GetProperty("projection"), item.GetProperty("phase").GetString());
        return phase == "comparing"
            ? $"{name}: comparing, {item.GetProperty("compared")} documents, {item.GetProperty("differing")} differ"
            : $"{name}: {phase}, {item.GetProperty("eventsApplied")} of {item.GetProperty("eventsTotal")} events";
    }
}
