using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Host.Commands;

/// <summary>
/// The command line. Exit codes: 0 success, 1 a check or an operation failed, 2 wrong usage or environment.
/// </summary>
internal static partial class CommandTree
{
    /// <summary>The expected form of an id, for error messages.</summary>
    public const string Id = "an id such as 0197a1b2-0000-7000-8000-0000000000f2";

    // What System.CommandLine says when no command is given.
    private const string NoCommand = "Required command was not provided.";

    private const int NotSo = 1;
    private const int Usage = 2;
    private const int DrainMarginMs = 5_000;

    /// <summary>Runs a command of a tree and returns its exit code.</summary>
    public static async Task<int> RunAsync(Command tree, string[] args, int endMs = HostLimits.DrainMs)
    {
        var parsed = tree.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // For a misspelled command, the parser also reports that a command is missing.
            var isMisspelled = parsed.UnmatchedTokens.Count > 0;
            foreach (var error in parsed.Errors.Where(error => !isMisspelled || error.Message != NoCommand))
                await Console.Error.WriteLineAsync($"tideline: {Plain(error)}");
            await Console.Error.WriteLineAsync($"Try: {PathOf(parsed.CommandResult)} --help");
            return Usage;
        }

        try
        {
            // By default the parser ends the process two seconds after a signal, in the middle of a drain.
            var patience = TimeSpan.FromMilliseconds(endMs + DrainMarginMs);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = patience
            });
        }
        catch (NodeRefusal refusal)
        {
            await Console.Error.WriteLineAsync($"tideline: {refusal.Message}");
            return NotSo;
        }
        catch (HttpRequestException fault)
        {
            await Console.Error.WriteLineAsync($"tideline: The node on this data folder does not answer "
                + $"({fault.Message}). If it is stopping, retry in a moment.");
            return Usage;
        }
        catch (Exception fault) when (fault is TidelineException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"tideline: {fault.Message}");
            return Usage;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("tideline: Interrupted.");
            return Usage;
        }
    }

    // The parser's message names .NET types, which users do not know.
    private static string Plain(ParseError error)
    {
        if (NotOfType().Match(error.Message) is not { Success: true } wrong) return error.Message;
        var (given, where, type) = (wrong.Groups[1].Value, wrong.Groups[2].Value, wrong.Groups[3].Value);
        var kind = type.Contains("Guid", StringComparison.Ordinal)
            ? Id
            : type.Contains("Int", StringComparison.Ordinal) ? "a whole number" : "a valid value";
        return $"'{given}' for '{where}' is not {kind}.";
    }

    [GeneratedRegex("^Cannot parse argument '(.*)' for (?:command|option) '(.*)' as expected type '(.*)'\\.$")]
    private static partial Regex NotOfType();

    private static string PathOf(CommandResult command) => command.Parent is CommandResult parent
        ? $"{PathOf(parent)} {command.Command.Name}"
        : command.Command.Name;

    public static Command Build() => new("./tideline", "Tideline: a hybrid database platform for banking products. "
        + "A double-entry ledger, fast views of it, and checks that both agree.")
    {
        new HelpOption(),
        new VersionOption(),
        UpCommand.Build(),
        ImportCommand.Build(),
        VerifyCommand.Build(),
        SagaCommands.Build(),
        DeadLetterCommands.Build(),
        ProjectionCommands.Build(),
        AuditCommands.Build(),
        ReceiptCommands.Build(),
        BackupCommands.BuildBackup(),
        BackupCommands.BuildRestore(),
        EpochCommands.Build(),
        // Executed by the tools, which the launcher calls.
        new Command("bench", "Measure a scenario and its baseline in one run."),
        new Command("drill", "Break something under load, recover it, and prove that nothing was lost."),
        new Command("simulate", "Run whole installations on virtual time, and break them as a seed says."),
        new Command("mutants", "Plant bugs, and count the seeds until the simulation finds each."),
        new Command("services", "Run real servers on this machine, without containers."),
        new Command("test", "Run every test: ./tideline test [--engines all|embedded] [filter]. The launcher "
            + "builds and runs them."),
    };
}
