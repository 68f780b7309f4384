using System.CommandLine;
using SQLitePCL;

namespace Tideline.Host.Commands;

/// <summary>The engines of this version, by name and version: the launcher prints them above the tests.</summary>
internal static class EnginesCommand
{
    public static Command Build()
    {
        var command = new Command("engines", "Name the engines of this version") { Hidden = true };
        command.SetAction(parse =>
        {
            Batteries_V2.Init();
            parse.InvocationConfiguration.Output.WriteLine($"SQLite {raw.sqlite3_libversion().utf8_to_string()} (ledger, log and views)");
            return 0;
        });
        return command;
    }
}
