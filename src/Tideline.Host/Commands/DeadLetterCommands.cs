using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary>
/// <c>dlq</c>: events that a projection could not take, with what queues behind them, and messages of sagas that could
/// not be handled.
/// </summary>
internal static class DeadLetterCommands
{
    public static Command Build()
    {
        const string Which = "The key whose events are held up (a customer, for customers), or the letter of a saga.";
        var key = new Argument<string>("KEY") { Description = Which };
        var anyKey = new Argument<string?>("KEY") { Description = Which, Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every key held up, then every letter of a saga." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would happen; change nothing." };
        var reason = new Option<string>(
            "--reason")
        { Description = "Why; kept with what was discarded.", Required = true };
        var projection = new Option<string?>("--projection")
        {
            Description = "The projection; needed where the key waits in several.",
        };
        return new Command("dlq", "List, show, replay or discard dead letters.")
        {
            new Command("list", "Keys that are held up, by projection, and messages of sagas that wait.").Asks(
                (_, node, cancel) => node.GetAsync("/v1/ops/dlq", cancel), "No dead letters."),
            new Command("show", "The letters of a key, in order.") { key, projection }.Asks((parsed, node, cancel) =>
                node.GetAsync($"{PathOf(parsed.GetRequiredValue(key))}{Query(parsed.GetValue(projection))}", cancel),
                "No dead letters of that key."),
            OneOrAll(new Command("replay", "Apply the letters of a key, or of all, in order; exit 1 when one of them "
                + "still cannot be.") { anyKey, all, dryRun, projection }, anyKey, all).Asks(
                (parsed, node, cancel) => parsed.GetValue(all)
                    ? ReplayAllAsync(node, parsed.GetValue(dryRun), cancel)
                    : node.PostAsync($"{PathOf(parsed.GetRequiredValue(anyKey)!)}/replay", Body(
                        parsed.GetValue(projection), ("dryRun", parsed.GetValue(dryRun))), cancel),
                "No dead letters.", IsAllApplied),
            new Command("discard", "Give the letters of a key up, for ever.") { key, reason, projection }.Asks(
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
                given.AddError("Say which: a KEY, or --all.");
        });
        return command;
    }

    private static bool IsAllApplied(JsonElement answer) =>
        answer.GetProperty("items").EnumerateArray().All(
            item => item.GetProperty("reason").ValueKind == JsonValueKind.Null);

    // A call replays so many keys; a person wants all of them.
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
