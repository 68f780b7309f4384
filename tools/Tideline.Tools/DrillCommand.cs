using Tideline.Kernel;
using Tideline.Tools.Drills;
using Tideline.Tools.Drills.Failover;
using Tideline.Tools.Drills.Faults;

namespace Tideline.Tools;

/// <summary><c>tideline drill NAME</c>.</summary>
public static class DrillCommand
{
    private const int MostRuns = 1_000, MostSeconds = 3_600, MostMinutes = 24 * 60;

    /// <summary>The drills there are.</summary>
    public static IReadOnlyList<string> Names { get; } = ["crash", "failover", "broker", "owner", "outage", "opponent"];

    /// <summary>Runs a drill and prints what it found.</summary>
    /// <returns>0 when every check held, 1 when one did not, 2 when the drill could not run.</returns>
    public static async Task<int> RunAsync(string name, DrillOptions options, CancellationToken cancel)
    {
        if (!Names.Contains(name))
        {
            await Console.Error.WriteLineAsync(
                $"There is no drill '{name}'; the drills are: {string.Join(", ", Names)}.");
            return 2;
        }

        if (options.Faults.FirstOrDefault(fault => !OpponentDrill.Names.Contains(fault)) is { } unknown)
        {
            await Console.Error.WriteLineAsync(
                $"There is no fault '{unknown}'; the faults are: {string.Join(", ", OpponentDrill.Names)}.");
            return 2;
        }

        if (options.Minutes is not (>= 0 and <= MostMinutes))
        {
            await Console.Error.WriteLineAsync($"--minutes must be 0 to {MostMinutes}, not {options.Minutes}.");
            return 2;
        }

        foreach (var (option, value, most) in ((string, int, int)[])[("--kills", options.Kills, MostRuns),
            ("--runs", options.Runs, MostRuns), ("--down", options.DownSeconds, MostSeconds)])
        {
            if (value >= 1 && value <= most) continue;
            await Console.Error.WriteLineAsync($"{option} must be 1 to {most}, not {value}.");
            return 2;
        }

        if (options.HistoryFile is not null && name != "opponent")
        {
            await Console.Error.WriteLineAsync("Only the drill 'opponent' writes a history.");
            return 2;
        }

        foreach (var (option, file) in ((string, string?)[])
            [("--history", options.HistoryFile), ("--json", options.JsonFile)])
        {
            if (file is null || WhyNotWritten(file) is not { } why) continue;
            await Console.Error.WriteLineAsync($"{option}: '{file}' cannot be written: {why}");
            return 2;
        }

        try
        {
            var report = await (name switch
            {
                "failover" => new FailoverDrill(options, TimeProvider.System).RunAsync(cancel),
                "broker" => new BrokerDrill(options, TimeProvider.System).RunAsync(cancel),
                "owner" => new OwnerDrill(options, TimeProvider.System).RunAsync(cancel),
                "opponent" => new OpponentDrill(options).RunAsync(cancel),
                "outage" => new OutageDrill(options, TimeProvider.System).RunAsync(cancel),
                _ => new CrashDrill(options, TimeProvider.System).RunAsync(cancel),
            });
            report.Print();
            if (options.JsonFile is { } file) await File.WriteAllBytesAsync(file, report.ToJson(), cancel);
            return report.Ok ? 0 : 1;
        }
        catch (Exception fault) when (fault is TidelineException
            or FileNotFoundException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 2;
        }
    }

    // Before the drill, which may take long.
    private static string? WhyNotWritten(string file)
    {
        try
        {
            using var opened = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return fault.Message;
        }
    }
}
