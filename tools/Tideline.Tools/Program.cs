using System.CommandLine;
using System.CommandLine.Help;
using Tideline.Host.Commands;
using Tideline.Tools.Commands;

// The launcher, ./tideline, sends bench, drill and services here.
return await CommandTree.RunAsync(
    new Command("./tideline", "Tools of Tideline: measurements, drills, and real servers on this machine.")
    {
        new HelpOption(),
        new VersionOption(),
        BenchCommands.BuildBench(),
        BenchCommands.BuildDrill(),
        SimulateCommand.Build(),
        MutantsCommand.Build(),
        ServiceCommands.Build(),
        EnginesCommand.Build(),
    },
    args,
    // A drill ends its nodes and servers first.
    endMs: 120_000);
