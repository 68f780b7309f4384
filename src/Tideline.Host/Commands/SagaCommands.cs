using System.CommandLine;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>sagas</c>: what is under way, and what waits for an operator.</summary>
internal static class SagaCommands
{
    public static Command Build()
    {
        var id = new Argument<Guid>("ID") { Description = "The saga; for a transfer, the transfer's id." };
        var state = new Option<string?>("--state") { Description = "Which; default: every unfinished one." };
        state.AcceptOnlyFromAmong("running", "completed", "compensating", "compensated", "parked", "suspended",
            "paid-out");
        var to = new Option<Guid?>("--to") { Description = "The account to credit; else the one that was debited." };
        var limit = new Option<int>("--limit")
        {
            Description = $"How many, 1 to {Limits.PageRows}.", DefaultValueFactory = _ => Limits.DefaultPageRows
        };
        var cursor = new Option<string?>(
            "--cursor")
        { Description = "Where to go on: what the list before said at its end." };
        return new Command("sagas", "List, show, retry, undo or pay out sagas.")
        {
            new Command("list", "Sagas that are not finished, or those of a state.") { state, limit, cursor }.Asks(
                (parsed, node, cancel) => node.GetAsync(
                    $"/v1/ops/sagas?limit={parsed.GetValue(limit)}"
                        + $"{And("state", parsed.GetValue(state))}{And("cursor", parsed.GetValue(cursor))}", cancel),
                "No such saga."),
            new Command("show", "One saga with its history.") { id }.Asks(
                (parsed, node, cancel) => node.GetAsync($"/v1/ops/sagas/{parsed.GetValue(id)}", cancel), ""),
            new Command("retry", "Try a parked saga again from where it stands.") { id }.Asks((parsed, node, cancel) =>
                node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/retry", "{}", cancel), ""),
            new Command("compensate", "Undo a parked saga that is not past its pivot.") { id }
                .Asks((parsed, node, cancel) =>
                    node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/compensate", "{}", cancel), ""),
            new Command("payout", "Pay out, once, what a suspended saga has on suspense.") { id, to }.Asks(
                (parsed, node, cancel) => node.PostAsync(
                    $"/v1/ops/sagas/{parsed.GetValue(id)}/payout",
                    parsed.GetValue(to) is { } account ? $$"""{"to":"{{account}}"}""" : "{}", cancel),
                ""),
        };
    }

    private static string And(string name, string? value) => value is null
        ? ""
        : $"&{name}={Uri.EscapeDataString(value)}";
}
