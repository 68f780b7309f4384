using System.CommandLine;
using System.Text.Json;

namespace Tideline.Host.Commands;

/// <summary><c>dlq</c>: events that a projection could not take, and what queues behind them.</summary>
internal static class DeadLetterCommands
{
    public static Command Build()
    {
        var key = new Argument<Guid>("KEY") { Description = "The customer whose events are held up." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would happen; change nothing." };
        var reason = new Option<string>("--reason") { Description = "Why; kept with what was discarded.", Required = true };
        return new Command("dlq", "List, show, replay or discard dead letters.")
        {
            new Command("list", "Keys that are held up.").Asks((_, node, cancel) => node.GetAsync("/v1/ops/dlq", cancel), "No dead letters."),
            new Command("show", "The letters of a key, in order.") { key }.Asks((parsed, node, cancel) => node.GetAsync($"/v1/ops/dlq/{parsed.GetValue(key)}", cancel), "No dead letters of that key."),
            new Command("replay", "Apply the letters of a key, in order.") { key, dryRun }.Asks(
                (parsed, node, cancel) => node.PostAsync($"/v1/ops/dlq/{parsed.GetValue(key)}/replay", parsed.GetValue(dryRun) ? """{"dryRun":true}""" : "{}", cancel),
                "No dead letters of that key."),
            new Command("discard", "Give the letters of a key up, for ever.") { key, reason }.Asks(
                (parsed, node, cancel) => node.PostAsync($"/v1/ops/dlq/{parsed.GetValue(key)}/discard", $$"""{"reason":"{{JsonEncodedText.Encode(parsed.GetRequiredValue(reason))}}"}""", cancel),
                ""),
        };
    }
}
