using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary>
/// <c>dlq</c>: events that a projection could not apply, with the events queued behind them, and saga messages that
/// could not be handled.
/// </summary>
internal static class DeadLetterCommands
{
    public static Command Build()
    {
        const string Which = "A blocked key (in the projection customers, a customer), or the dead letter of a saga.";
        var key = new Argument<string>("KEY") { Description = Which };
        var anyKey = new Argument<string?>("KEY") { Description = Which, Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every blocked key, then every dead letter of a saga." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Report what would happen; change nothing." };
        var reason = new Option<string>(
            "--reason")
        { Description = "Why; stored with the discarded letters.", Required = true };
        var projection = new Option<string?>("--projection")
        {
            Description = "The projection; required if the key has letters in several projections.",
        };
        return new Command("dlq", "List, show, replay or discard dead letters.")
        {
            new Command("list", "List blocked keys by projection, and saga messages that wait.").Asks(
                (_, node, cancel) => node.GetAsync("/v1/ops/dlq", cancel), "No dead letters."),
            new Command("show", "Show the letters of a key, in order.") { key, projection }.Asks(
                (parsed, node, cancel) => node.GetAsync(
                    $"{PathOf(parsed.GetRequiredValue(key))}{Query(parsed.GetValue(projection))}", cancel),
                "This key has no dead letters."),
            OneOrAll(new Command("replay", "Apply the letters of a key, or of all keys, in order; exit 1 if one "
                + "still cannot be applied.") { anyKey, all, dryRun, projection }, anyKey, all).Asks(
                (parsed, node, cancel) => parsed.GetValue(all)
                    ? ReplayAllAsync(node, parsed.GetValue(dryRun), cancel)
                    : node.PostAsync($"{PathOf(parsed.GetRequiredValue(anyKey)!)}/replay", Body(
                        parsed.GetValue(projection), ("dryRun", parsed.GetValue(dryRun))), cancel),
                "No dead letters.", IsAllApplied),
            new Command("discard", "Discard the letters of a key, permanently.") { key, reason, projection }.Asks(
                (parsed, node, cancel) => node.PostAsync($"{PathOf(parsed.GetRequiredValue(key))}/discard", Body(
                    parsed.GetValue(projection), ("reason", parsed.GetRequiredValue(reason))), cancel),
                ""),
        };
    }

    private static string PathOf(string key) => $"/v1/ops/dlq/{Uri.EscapeDataString(key)}";

    private static string Query(string? projection) =>
        projection is null ? "" : $"?projection={Uri.EscapeDataString(projection)}";

    private static string Body(string? projection, (string Name, JsonNode Value) field)
    {
        var body = new JsonObject { [field.Name] = field.Value };
        if (projection is not null) body["projection"] = projection;
        return body.ToJsonString();
    }

    private static Command OneOrAll(Command command, Argument<string?> key, Option<bool> all)
    {
        command.Validators.Add(given =>
        {
            if (given.GetValue(key) is not null == given.GetValue(all))
                given.AddError("Give either a KEY or --all.");
        });
        return command;
    }

    private static bool IsAllApplied(JsonElement answer) =>
        answer.GetProperty("items").EnumerateArray().All(
            item => item.GetProperty("reason").ValueKind == JsonValueKind.Null);

    // One call replays a limited number of keys; this command replays all.
    private static async Task<JsonElement> ReplayAllAsync(OpsClient node, bool dryRun, CancellationToken cancel)
    {
        var (items, leftOut) = (new JsonArray(), (string?)null);
        var ask = new JsonObject { ["dryRun"] = dryRun };
        while (true)
        {
            var page = await node.PostAsync("/v1/ops/dlq/replay", ask.ToJsonString(), cancel);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                items.Add(JsonNode.Parse(item.GetRawText()));
            leftOut ??= page.GetProperty("leftOut").GetString();
            if (page.GetProperty("nextCursor").GetString() is not { } next)
                return JsonSerializer.SerializeToElement(new JsonObject { ["items"] = items, ["leftOut"] = leftOut });
            ask["cursor"] = next;
        }
    }
}
