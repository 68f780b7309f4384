using System.CommandLine;
using System.Text.Json;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary>An operator command: sends one request to the node and prints the answer.</summary>
internal static class OpsCommand
{
    /// <summary>
    /// Adds <c>--data</c> and <c>--json</c> and the request; <paramref name="isSo"/> decides between exit 0 and 1. A
    /// list with shards or parts left out is also exit 1.
    /// </summary>
    public static Command Asks(
        this Command command, Func<ParseResult, OpsClient, CancellationToken, Task<JsonElement>> ask,
        string nothing, Func<JsonElement, bool>? isSo = null)
    {
        var data = Options.Data();
        var json = Options.Json();
        command.Add(data);
        command.Add(json);
        command.SetAction(async (parsed, cancel) =>
        {
            await using var node = await OpsClient.OpenAsync(parsed.GetRequiredValue(data), cancel);
            var answer = await ask(parsed, node, cancel);
            Output.Print(answer, parsed.GetValue(json), nothing);
            return Output.IsWhole(answer) && (isSo is null || isSo(answer)) ? 0 : 1;
        });
        return command;
    }
}
