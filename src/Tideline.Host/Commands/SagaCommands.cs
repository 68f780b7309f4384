using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary><c>sagas</c>: what is under way, and what waits for an operator.</summary>
internal static class SagaCommands
{
    public static Command Build()
    {
        var id = new Argument<Guid>("ID") { Description = "The saga; for a transfer, the transfer's id." };
        var state = new Option<string?>("--state") { Description = "running, completed, compensating, compensated or parked; default: every unfinished one." };
        return new Command("sagas", "List, show, retry or undo sagas.")
        {
            new Command("list", "Sagas that are not finished, or those of a state.") { state }
                .Asks((parsed, node, cancel) => node.GetAsync("/v1/ops/sagas" + (parsed.GetValue(state) is { } wanted ? $"?state={Uri.EscapeDataString(wanted)}" : ""), cancel), "No saga is unfinished."),
            new Command("show", "One saga with its history.") { id }.Asks((parsed, node, cancel) => node.GetAsync($"/v1/ops/sagas/{parsed.GetValue(id)}", cancel), ""),
            new Command("retry", "Try a parked saga again from where it stands.") { id }.Asks((parsed, node, cancel) => node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/retry", "{}", cancel), ""),
            new Command("compensate", "Undo a parked saga that is not past its pivot.") { id }
                .Asks((parsed, node, cancel) => node.PostAsync($"/v1/ops/sagas/{parsed.GetValue(id)}/compensate", "{}", cancel), ""),
        };
    }
}
