using System.CommandLine;
using SQLitePCL;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Commands;

/// <summary>
/// The engines that the tests reach, by name and version, and why others are not tested: the test command prints it
/// first. Exit 1 when one can be had and is not tested.
/// </summary>
internal static class EnginesCommand
{
    private const int NotSo = 1;

    public static Command Build()
    {
        var folder = new Option<string?>("--services")
        {
            Description = "Where servers were brought up for the tests; "
            + "without it the embedded engines alone are tested."
        };
        var wanted = new Argument<string[]>(
            "SERVICE")
        { Description = "The services that were to be brought up.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("engines", "Name the engines that are tested.") { folder, wanted };
        command.Hidden = true;
        command.SetAction(async (parsed, cancel) =>
        {
            Batteries_V2.Init();
            var engines = await EngineUnderTest.ListAsync(parsed.GetValue(folder) is { } path
                ? new ServiceFolder(path)
                : null, parsed.GetRequiredValue(wanted), cancel);
            string[] tested = [$"SQLite {raw.sqlite3_libversion().utf8_to_string()}",
                .. engines.Select(engine => engine.Version).OfType<string>()];
            Console.WriteLine($"Engines tested: {string.Join(", ", tested)}.");
            foreach (var same in engines.Where(engine => engine.WhyNot is not null).GroupBy(engine => engine.WhyNot))
                Console.WriteLine(
                    $"Engines not tested: {string.Join(", ", same.Select(engine => engine.Engine))}: {same.Key}.");
            return engines.Any(engine => engine.IsMissed) ? NotSo : 0;
        });
        return command;
    }
}
