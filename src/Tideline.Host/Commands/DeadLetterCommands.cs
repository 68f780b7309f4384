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
        const string Which = "A blocked customer, or the dead letter of a saga.";
        var key = new Argument<Guid>("KEY") { Description = Which };
        var anyKey = new Argument<Guid?>("KEY") { Description = Which, Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all")
        {
            Description =
            "Every blocked customer, then every dead letter of a saga."
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Report what would happen; change nothing." };
        var reason = new Option<string>(
            "--reason")
        { Description = "Why; stored with the discarded letters.", Required = true };
        return new Command("dlq", "List, show, replay or discard dead letters.")
        {
            new Command("list", "List blocked customers, and saga messages that wait.").Asks(
                (_, node, cancel) => node.GetAsync("/v1/ops/dlq", cancel), "No dead letters."),
            new Command("show", "Show the letters of a key, in order.") { key }.Asks((parsed, node, cancel) =>
                node.GetAsync($"/v1/ops/dlq/{parsed.GetValue(key)}", cancel), "This key has no dead letters."),
            OneOrAll(new Command("replay", "Apply the letters of a key, or of all keys, in order; exit 1 if one "
                + "still cannot be applied.") { anyKey, all, dryRun }, anyKey, all).Asks(
                (parsed, node, cancel) => parsed.GetValue(all)
                    ? ReplayAllAsync(node, parsed.GetValue(dryRun), cancel)
                    : node.PostAsync($"/v1/ops/dlq/{parsed.GetValue(anyKey)}/replay",
                        parsed.GetValue(dryRun) ? """{"dryRun":true}""" : "{}", cancel),
                "No dead letters.", IsAllApplied),
            new Command("discard", "Give up the letters of a key, permanently.") { key, reason }.Asks(
                (parsed, node, cancel) => node.PostAsync($"/v1/ops/dlq/{parsed.GetValue(key)}/discard",
                    $$"""{"reason":"{{JsonEncodedText.Encode(parsed.GetRequiredValue(reason))}}"}""", cancel),
                ""),
        };
    }

    private static Command OneOrAll(Command command, Argument<Guid?> key, Option<bool> all)
    {
        command.Validators.Add(given =>
        {
            // Its value cannot be asked for here: the parser throws for one that is no id.
            var text = given.GetResult(key) is { Tokens: [var token, ..] } ? token.Value : null;
            if (text is not null && !Guid.TryParse(text, out _))
                given.AddError($"'{text}' for '{key.Name}' is not {CommandTree.Id}.");
            else if (text is not null == given.GetValue(all))
                given.AddError("Give either a KEY or --all.");
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
