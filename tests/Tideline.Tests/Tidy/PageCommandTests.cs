using System.CommandLine;
using System.Text.RegularExpressions;
using Tideline.Gateway.Http;
using Tideline.Host.Commands;
using Tideline.Tests.Gateway;
using Tideline.Tools.Commands;

namespace Tideline.Tests.Tidy;

/// <summary>What a page tells a reader to type: commands with their options, and requests.</summary>
public sealed partial class PageCommandTests
{
    private const string Launcher = "./tideline";

    private static readonly Command Root = MakeRoot();

    // The program serves these beside its own table of routes.
    private static readonly string[] Unlisted =
        ["GET /docs", "GET /openapi/v1.json", "POST /internal/shards/N/commands"];

    [Fact]
    public void A_command_that_a_page_names_exists() => Nothing(Page.All.SelectMany(WrongCommands));

    [Theory]
    [InlineData("`./tideline nothing`")]
    [InlineData("`./tideline sagas nothing`")]
    [InlineData("`./tideline verify --nothing`")]
    [InlineData("`./tideline sagas list --deep`")]
    [InlineData("`sagas show ID --nothing`")]
    [InlineData("`--nothing`")]
    [InlineData("```sh\n./tideline up --nothing   # a comment\n```")]
    [InlineData("| `up` | `--force` | A row of the table of options. |")]
    public void A_planted_command_is_found(string text) =>
        WrongCommands(new Page("README.md", text)).ShouldHaveSingleItem();

    [Fact]
    public void The_reference_has_every_command_and_option()
    {
        var page = Page.All.Single(page => page.Path == "docs/reference/cli.md");
        Nothing(Missing(Root, ""));

        bool Has(Func<string, bool> matches) => page.Spans.Any(span => matches(span.Text));

        IEnumerable<string> Missing(Command command, string path) => command.Subcommands.SelectMany(
            inner => Missing(inner, $"{path} {inner.Name}".Trim()))
            .Concat(command.Subcommands.Count > 0 || Has(span => span.StartsWith(path, StringComparison.Ordinal))
                ? []
                : [path])
            .Concat(command.Options.Where(option => option.Name is not ("--help" or "--version")
                && !Has(span => span.Split(' ').Contains(option.Name)))
                .Select(option => $"{path} {option.Name}"));
    }

    [Fact]
    public async Task A_route_that_a_page_names_exists()
    {
        var routes = await RoutesAsync();
        Nothing(Page.All.SelectMany(page => WrongRoutes(page, routes)));
    }

    [Theory]
    [InlineData("`GET /v1/nothing`")]
    [InlineData("`/v1/nothing?limit=3`")]
    [InlineData("`DELETE /v1/accounts/{id}`")]
    [InlineData("```\nGET /v1/nothing\n```")]
    [InlineData("```sh\ncurl -s http://127.0.0.1:7400/v1/nothing\n```")]
    [InlineData("```sh\ncurl -s http://127.0.0.1:7400/v1/ops/lag \\\n  -d '{}'\n```")]
    public async Task A_planted_route_is_found(string text) =>
        WrongRoutes(new Page("README.md", text), await RoutesAsync()).ShouldHaveSingleItem();

    // The tools are a second program; the launcher makes both look like one.
    private static Command MakeRoot()
    {
        var root = new Command(Launcher);
        Command[] tools =
        [
            BenchCommands.BuildBench(), BenchCommands.BuildDrill(), SimulateCommand.Build(), MutantsCommand.Build(),
            ServiceCommands.Build(),
        ];
        foreach (var command in CommandTree.Build().Subcommands)
            root.Add(tools.FirstOrDefault(tool => tool.Name == command.Name) ?? command);
        // The launcher's own.
        root.Subcommands.Single(command => command.Name == "test").Add(new Option<string>("--engines"));
        return root;
    }

    private static IEnumerable<string> WrongCommands(Page page)
    {
        var typed = page.Spans.Where(span => span.Text.StartsWith(Launcher, StringComparison.Ordinal)).Concat(
            from line in page.Code
            where line.Text.TrimStart().StartsWith(Launcher, StringComparison.Ordinal)
            select (line.Number, line.Text.Trim()));
        foreach (var (number, text) in typed)
            if (WhyWrong(Root, Tokens(text)[1..]) is { } why) yield return $"{page.Path}:{number} {text}: {why}";

        foreach (var (number, text) in page.Spans.Where(span => span.Text.StartsWith("--", StringComparison.Ordinal)))
        {
            var option = Tokens(text)[0].Split('=')[0];
            if (!IsOptionOfRow(page, number, option)) yield return $"{page.Path}:{number} no command has {option}";
        }

        // 'sagas list' and, where the context says of what, 'list --state parked'.
        foreach (var (number, text) in page.Spans)
        {
            if (Tokens(text) is not [var first, _, ..] tokens) continue;
            var named = Everything(Root).Where(command => command.Name == first).ToList();
            if (named.Count > 0 && named.All(command => WhyWrong(command, tokens[1..]) is not null))
                yield return $"{page.Path}:{number} {text}: {WhyWrong(named[0], tokens[1..])}";
        }
    }

    // In a table whose first cell names commands, the option belongs to all of them.
    private static bool IsOptionOfRow(Page page, int number, string option)
    {
        var row = OptionRow().Match(page.Prose.Single(line => line.Number == number).Text);
        var commands = row.Success
            ? [.. row.Groups[1].Value.Split(", ").Select(path => path.Trim('`').Split(' ')
                .Aggregate(Root, (command, name) => command.Subcommands.Single(inner => inner.Name == name)))]
            : Everything(Root).ToList();
        return row.Success ? commands.All(Has) : commands.Any(Has);

        bool Has(Command command) =>
            option == "--help" || command.Options.Any(one => one.Name == option) || command.Subcommands.Any(Has);
    }

    private static IEnumerable<Command> Everything(Command root) =>
        root.Subcommands.SelectMany(command => Everything(command).Prepend(command));

    private static string? WhyWrong(Command command, IReadOnlyList<string> tokens)
    {
        foreach (var token in tokens)
        {
            if (token is "--help" or "COMMAND" or "…") return null;
            if (token.StartsWith("--", StringComparison.Ordinal))
            {
                var name = token.Split('=')[0];
                if (command.Options.All(option => option.Name != name)) return $"{command.Name} has no {name}";
            }
            else if (command.Subcommands.Count > 0)
            {
                var inner = command.Subcommands.FirstOrDefault(one => one.Name == token);
                if (inner is null) return $"{command.Name} has no command '{token}'";
                command = inner;
            }
        }

        return null;
    }

    // Up to a comment or the next command of the shell.
    private static string[] Tokens(string text) =>
        [.. Token().Matches(Rest().Replace(text, "")).Select(token => token.Value)];

    private static async Task<IReadOnlyList<MappedRoute>> RoutesAsync()
    {
        await using var server = await GatewayServer.StartAsync();
        return server.Routes;
    }

    private static IEnumerable<string> WrongRoutes(Page page, IReadOnlyList<MappedRoute> routes)
    {
        var code = Continued().Replace(string.Join('\n', page.Code.Select(line => line.Text)), " ").Split('\n');
        var named = page.Spans.Select(span => Request().Match(span.Text))
            .Concat(code.Select(line => Request().Match(line)))
            .Where(match => match.Success)
            .Select(match => (Method: match.Groups[1].Value, Path: match.Groups[2].Value))
            .Concat(code.Select(line => (Line: line, Call: Curl().Match(line))).Where(call => call.Call.Success)
                .Select(call => (Method: MethodOf(call.Line), Path: call.Call.Groups[1].Value)));
        return
            from request in named
            let path = request.Path.Split('?')[0]
            where !routes.Any(route => (request.Method is "" || request.Method == route.Method)
                && IsOf(path, route.Path)) && !Unlisted.Any(
                    one => one.EndsWith($"{request.Method} {path}".Trim(), StringComparison.Ordinal))
            select $"{page.Path} names {request.Method} {request.Path}";
    }

    private static string MethodOf(string curl) => Method().Match(curl) is { Success: true } given
        ? given.Groups[1].Value
        : curl.Contains(" -d ", StringComparison.Ordinal) || curl.Contains(" --data", StringComparison.Ordinal)
            ? "POST"
            : "GET";

    private static bool IsOf(string path, string template)
    {
        var (parts, wanted) = (path.Split('/'), template.Split('/'));
        return parts.Length == wanted.Length && parts.Zip(wanted).All(
            pair => pair.First == pair.Second || pair.Second.StartsWith('{'));
    }

    private static void Nothing(IEnumerable<string> found) =>
        string.Join('\n', found.Order(StringComparer.Ordinal)).ShouldBeEmpty();

    [GeneratedRegex("""(?:[^\s"']|"[^"]*"|'[^']*')+""")]
    private static partial Regex Token();

    [GeneratedRegex(@"\s(?:#|&&|\|(?!\w)|;|>).*$")]
    private static partial Regex Rest();

    [GeneratedRegex(@"^\| (`[^|]+`) \| `--")]
    private static partial Regex OptionRow();

    [GeneratedRegex(@"^(?:(GET|HEAD|POST|PUT|PATCH|DELETE) )?(/(?:v1|health|metrics|docs|openapi|internal)\b[^\s]*)$")]
    private static partial Regex Request();

    [GeneratedRegex(@"\bcurl\b.*?https?://[^/\s""']+(/[^\s""']*)")]
    private static partial Regex Curl();

    [GeneratedRegex(@"-X (\w+)")]
    private static partial Regex Method();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
