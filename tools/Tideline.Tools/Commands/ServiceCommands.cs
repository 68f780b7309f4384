using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tideline.Host.Commands;
using Tideline.Host.Running;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Commands;

/// <summary><c>services</c>: real servers on this machine, for the cluster profile and for tests.</summary>
internal static class ServiceCommands
{
    private const int NotSo = 1;
    private const int NotPossible = 2;
    private static readonly Argument<string[]> Names = MakeNames();
    private static readonly Option<string> Folder = new("--folder")
    {
        Description = "The folder for data, logs and state. Default: artifacts/services of the source tree.",
        DefaultValueFactory = _ => ServiceFolder.Default, Validators = { Options.RequirePath }
    };
    private static readonly Option<bool> Wipe = new("--wipe") { Description = "Also delete their data." };
    private static readonly Option<bool> Json = Options.Json();

    public static Command Build()
    {
        var up = new Command("up", "Start servers on free loopback ports; they keep running. Exit 2 with the reason "
            + "if one is not up.") { Names, Folder, Json };
        var down = new Command("down", "Stop servers; their data stays.") { Names, Folder, Wipe, Json };
        var status = new Command("status", "Query servers; exit 1 if one is not up.") { Names, Folder, Json };
        up.SetAction(UpAsync);
        down.SetAction(DownAsync);
        status.SetAction(StatusAsync);
        return new Command("services",
            "Run real servers on this machine, without containers: MySQL, Redis, Kafka and a "
            + "stand-in for MongoDB.") { up, down, status };
    }

    private static async Task<int> UpAsync(ParseResult parsed, CancellationToken cancel)
    {
        var folder = FolderOf(parsed);
        var states = await WithProgressAsync(
            folder, control => control.UpAsync(parsed.GetRequiredValue(Names), cancel));
        Print(parsed, states);
        if (!parsed.GetValue(Json)) PrintVariables(folder, states);
        return states.All(state => state.Condition == ServiceCondition.Up) ? 0 : NotPossible;
    }

    private static async Task<int> DownAsync(ParseResult parsed, CancellationToken cancel)
    {
        Print(parsed, await WithProgressAsync(
            FolderOf(parsed), control => control.DownAsync(parsed.GetRequiredValue(Names), parsed.GetValue(Wipe))));
        return 0;
    }

    private static async Task<int> StatusAsync(ParseResult parsed, CancellationToken cancel)
    {
        var states = await WithProgressAsync(
            FolderOf(parsed), control => control.StatusAsync(parsed.GetRequiredValue(Names), cancel));
        Print(parsed, states);
        return states.Count > 0 && states.All(state => state.Condition == ServiceCondition.Up) ? 0 : NotSo;
    }

    private static ServiceFolder FolderOf(ParseResult parsed) => new(parsed.GetRequiredValue(Folder));

    private static async Task<IReadOnlyList<ServiceState>> WithProgressAsync(
        ServiceFolder folder, Func<ServiceControl, Task<IReadOnlyList<ServiceState>>> work)
    {
        var line = new ProgressLine();
        var doing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            return await work(new ServiceControl(folder, Say));
        }
        finally
        {
            line.End();
        }

        void Say(string service, string what)
        {
            lock (doing)
            {
                doing[service] = what;
                line.Say(string.Join(", ", doing.Select(one => $"{one.Key} {one.Value}")));
            }
        }
    }

    private static void Print(ParseResult parsed, IReadOnlyList<ServiceState> states)
    {
        var answer = new JsonObject { ["items"] = new JsonArray([.. states.Select(Row)]) };
        if (parsed.GetValue(Json)) answer["environment"] = new JsonObject(
            ServiceFolder.Variables(states).Select(one => KeyValuePair.Create(one.Name, (JsonNode?)one.Value)));
        Output.Print(
            JsonSerializer.SerializeToElement(answer), parsed.GetValue(Json), "No services here.");
        foreach (var state in states.Where(state => state.Reason is not null))
            Console.Error.WriteLine($"tideline: {state.Service} {Words(state.Condition)}: {state.Reason}");
    }

    private static JsonObject Row(ServiceState state) => new()
    {
        ["service"] = state.Service, ["state"] = Words(state.Condition), ["version"] = state.Version,
        ["address"] = state.Address, ["pid"] = state.Process?.Id, ["folder"] = state.Folder,
    };

    private static void PrintVariables(ServiceFolder folder, IReadOnlyList<ServiceState> states)
    {
        var variables = ServiceFolder.Variables(states);
        if (variables.Count == 0) return;
        Console.WriteLine();
        Console.WriteLine($"For up --profile cluster and for tests, as in {folder.EnvironmentFile}:");
        foreach (var (name, value) in variables) Console.WriteLine($"export {name}='{value}'");
    }

    private static string Words(ServiceCondition condition) => condition switch
    {
        ServiceCondition.Up => "up",
        ServiceCondition.Down => "down",
        ServiceCondition.NotAnswering => "not answering",
        ServiceCondition.CannotBeHad => "not available here",
        _ => "failed",
    };

    private static Argument<string[]> MakeNames()
    {
        var names = new Argument<string[]>(
            "SERVICE")
        { Description = "The services. Default: all.", Arity = ArgumentArity.ZeroOrMore };
        names.AcceptOnlyFromAmong([.. ServiceControl.Names]);
        return names;
    }
}
