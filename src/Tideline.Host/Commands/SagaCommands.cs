using System.CommandLine;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary><c>sagas</c>: unfinished sagas, and those that wait for an operator.</summary>
internal static class SagaCommands
{
    public static Command Build()
    {
        var id = new Argument<Guid>("ID") { Description = "The saga's id; for a transfer, the transfer's id." };
        var state = new Option<string?>("--state")
        {
            Description =
            "List sagas in this state. Default: every unfinished saga."
        };
        state.AcceptOnlyFromAmong("running", "completed", "compensating", "compensated", "parked", "suspended",
            "paid-out");
        var to = new Option<Guid?>("--to") { Description = "The account to credit. Default: the debited account." };
        var limit = new Option<int>("--limit")
        {
            Description = $"List at most this many sagas, 1 to "
                + $"{Limits.PageRows}.", DefaultValueFactory = _ => Limits.DefaultPageRows
        };
        var cursor = new Option<string?>(
            "--cursor")
        { Description = "Continue a list: the cursor that the previous list printed." };
        return new Command("sagas", "List, show, retry, compensate or pay out sagas.")
        {
            new Command("list", "List unfinished sagas, or those in a state.") { state, limit, cursor }.Asks(
                (parsed, node, cancel) => node.GetAsync(
                    $"/v1/ops/sagas?limit={parsed.GetValue(limit)}"
                        + $"{And("state", parsed.GetValue(state))}{And("cursor", parsed.GetValue(cursor))}", cancel),
                "No such sagas."),
            new Command("show", "Show one saga with its history.") { id }.Asks(
                (parsed, node, cancel) => node.GetAsync($"/v1/ops/sagas/{parsed.GetValue(id)}", cancel), ""),
            new Command("retry", "Retry a parked saga from its current step.") { id }.Asks((parsed, node, cancel) =>
                node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/retry", "{}", cancel), ""),
            new Command("compensate", "Compensate a parked saga that is not past its pivot.") { id }
                .Asks((parsed, node, cancel) =>
                    node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/compensate", "{}", cancel), ""),
            new Command("payout", "Pay out, once, the money that a suspended saga has on suspense.") { id, to }.Asks(
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
