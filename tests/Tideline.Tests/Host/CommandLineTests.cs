using System.Net;
using System.Net.Sockets;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;

namespace Tideline.Tests.Host;

/// <summary>Usage and environment: clear words on the error stream, exit 2, nothing touched.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("projections repair customers", "Neither the ledger nor the views know 01980000-")]
    [InlineData("sagas retry", "There is no saga")]
    [InlineData("sagas compensate", "There is no saga")]
    [InlineData("sagas payout", "There is no saga")]
    [InlineData("dlq replay", "Key 01980000-0000-7000-8000-000000000001 has no waiting events")]
    public async Task An_operators_command_gets_through_to_what_it_names(string command, string named)
    {
        await SqliteLedgerStore.Open(_folder, shards: 1).DisposeAsync();
        var (exitCode, _, errors) = await HostProcess.RunAsync(
            [.. command.Split(' '), "01980000-0000-7000-8000-000000000001", "--data", _folder]);
        exitCode.ShouldBe(1, errors);
        errors.ShouldContain(named);
    }

    [Fact]
    public async Task A_misspelled_command_is_named_and_nothing_else()
    {
        var (exitCode, _, errors) = await HostProcess.RunAsync("verfy");
        (exitCode, errors).ShouldBe(
            (2, "tideline: Unrecognized command or argument 'verfy'.\nTry: ./tideline --help\n"));
        (await HostProcess.RunAsync()).Errors.ShouldContain("Required command was not provided.");
    }

    [Theory]
    [InlineData("nonsense", "nonsense")]
    [InlineData("up --nonsense", "--nonsense")]
    [InlineData("up --port many", "many")]
    [InlineData("up --port 65536", "0 to 65535")]
    [InlineData("up --listen everywhere", "not 'everywhere'")]
    [InlineData("up --listen 127.1", "not '127.1'")]
    [InlineData("up --listen 127.0.0.1:7400", "without a port")]
    [InlineData("up --listen 192.0.2.1", "not an address of this machine")]
    [InlineData("up --listen 192.0.2.1 --port 0", "not an address of this machine")]
    [InlineData("up --port 0 --shards 0", "1 to 64")]
    [InlineData("up --port 0 --shards 65", "1 to 64")]
    [InlineData("up --profile mainframe", "There is no profile")]
    [InlineData("up --profile other", "There is no profile 'other'")]
    [InlineData("up --config nowhere.json", "nowhere.json")]
    [InlineData("up --demo --demo-rate 0", "--demo-rate")]
    [InlineData("sagas", "command")]
    [InlineData("sagas show not-an-id", "not-an-id")]
    [InlineData("sagas list --state bogus", "bogus")]
    [InlineData("dlq discard 01980000-0000-7000-8000-000000000001", "--reason")]
    [InlineData("dlq replay", "--all")]
    [InlineData("dlq replay 01980000-0000-7000-8000-000000000001 --all", "--all")]
    [InlineData("bench nonsense", "nonsense")]
    [InlineData("bench transfers --seconds 0", "--seconds")]
    [InlineData("bench http --semi-sync", "--semi-sync needs the scenario transfers and --profile cluster")]
    [InlineData("bench transfers --semi-sync", "--semi-sync needs the scenario transfers and --profile cluster")]
    [InlineData("drill broker --runs 0", "--runs must be 1 to 1000, not 0")]
    [InlineData("drill nonsense", "nonsense")]
    [InlineData("drill opponent --faults nonsense", "There is no fault 'nonsense'; the faults are: kill, pause, ")]
    [InlineData("drill opponent --minutes -1", "--minutes must be 0 to 1440, not -1")]
    [InlineData("drill crash --kills 0", "--kills must be 1 to 1000, not 0")]
    [InlineData("drill failover --runs 0", "--runs must be 1 to 1000, not 0")]
    [InlineData("drill outage --down 0", "--down must be 1 to 3600, not 0")]
    [InlineData("services up nonsense", "nonsense")]
    [InlineData("sagas show 12", "'12' for 'show' is not an id")]
    [InlineData("projections repair customers", "'KEY'")]
    [InlineData("dlq replay", "Give either a KEY or --all.")]
    [InlineData("dlq replay --all 0197a1b2-0000-7000-8000-0000000000f2", "Give either a KEY or --all.")]
    [InlineData("sagas list --limit many", "Try: ./tideline sagas list --help")]
    [InlineData("services", "command")]
    [InlineData("import nowhere.xml", "nowhere.xml")]
    [InlineData("restore ", "must not be empty")]
    [InlineData("backup ", "must not be empty")]
    [InlineData("verify --data ", "must not be empty")]
    [InlineData("services status --folder ", "must not be empty")]
    public async Task What_cannot_be_done_says_why_and_exits_with_2(string commandLine, string named)
    {
        string[] data = commandLine.StartsWith("up", StringComparison.Ordinal) ? ["--data", _folder] : [];
        var (exitCode, _, errors) = await HostProcess.RunAsync([.. commandLine.Split(' '), .. data]);
        exitCode.ShouldBe(2, errors);
        errors.ShouldContain(named);
        errors.ShouldNotContain("   at ");
        errors.ShouldNotContain("System.");
        Directory.Exists(_folder).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{\"prot\": 7500}", "'prot' is not an option of up")]
    [InlineData("{\"port\": \"7500\"}", "'port' must be a whole number")]
    [InlineData("{\"listen\": 7500}", "'listen' must be a string")]
    [InlineData("{\"listen\": \"nowhere\"}", "not 'nowhere'")]
    [InlineData("{\"demo\": 1}", "'demo' must be true or false")]
    [InlineData("{\n\"port\": }", "line 2 is not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData(
        "{\"port\": 0, \"profile\": \"cluster\", \"kafka\": \"127.0.0.1:1\"}",
        "the address of MySQL: set TIDELINE_MYSQL")]
    [InlineData("{\"port\": 70000}", "0 to 65535")]
    public async Task A_configuration_that_cannot_be_used_says_why(string json, string named)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, json);
        var (exitCode, _, errors) = await HostProcess.RunAsync("up", "--config", file, "--data", _folder);
        File.Delete(file);
        exitCode.ShouldBe(2, errors);
        errors.ShouldContain(named);
        Directory.Exists(_folder).ShouldBeFalse();
    }

    [Fact]
    public async Task Operations_make_no_data_where_there_is_none()
    {
        var (exitCode, _, errors) = await HostProcess.RunAsync("verify", "--data", _folder);
        exitCode.ShouldBe(2);
        errors.ShouldContain("There is no Tideline data");
        Directory.Exists(_folder).ShouldBeFalse();
    }

    [Fact]
    public async Task A_folder_whose_ledger_is_lost_is_not_called_empty()
    {
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync(Path.Combine(_folder, "installation.json"), "{}");
        var (exitCode, _, errors) = await HostProcess.RunAsync("verify", "--data", _folder);
        Directory.Delete(_folder, recursive: true);
        exitCode.ShouldBe(2);
        errors.ShouldContain("holds no ledger: its files are lost");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_before_anything_is_made()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var (exitCode, output, errors) = await HostProcess.RunAsync("up", "--data", _folder, "--port", $"{port}");
        exitCode.ShouldBe(2);
        errors.ShouldContain($"Port {port}");
        (output + errors).ShouldNotContain("   at ");
        Directory.Exists(_folder).ShouldBeFalse();
    }

    [Fact]
    public async Task The_help_of_the_program_names_every_command()
    {
        var (exitCode, output, _) = await HostProcess.RunAsync("--help");
        exitCode.ShouldBe(0);
        foreach (var command in (string[])["up", "test", "import", "verify", "bench",
            "drill", "sagas", "dlq", "projections", "audit", "services"]) output.ShouldContain($"  {command} ");
    }
}
