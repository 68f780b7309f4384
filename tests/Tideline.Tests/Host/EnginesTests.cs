using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Host;

/// <summary>What the test command says first: which engines are tested and which not, and why.</summary>
public sealed class EnginesTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new("services");

    private ServiceFolder Folder => new(Path.Combine(_temporary.Path, "services"));

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Embedded_engines_need_no_server_and_the_others_are_left_out()
    {
        var (exitCode, output, _) = await RunAsync([], "engines");
        exitCode.ShouldBe(0);
        output.ShouldContain("Engines tested: SQLite 3.");
        output.ShouldContain("Engines not tested: MySQL, Redis, Kafka, MongoDB: left out");
    }

    [Fact]
    public async Task What_cannot_be_had_is_not_tested_and_that_is_no_failure()
    {
        Write(new ServiceState("kafka", ServiceCondition.CannotBeHad) { Reason = "there is no Java" });
        var (exitCode, output, _) = await RunAsync([], "engines", "--services", Folder.Path, "kafka");
        exitCode.ShouldBe(0);
        output.ShouldContain("Engines not tested: Kafka: it is not available here: there is no Java.");
        output.ShouldContain("Engines not tested: MySQL, Redis, MongoDB: no test that was chosen needs it.");
    }

    [Fact]
    public async Task What_can_be_had_and_did_not_start_is_missed()
    {
        Write(new ServiceState(
            "mysql", ServiceCondition.Failed)
        { Reason = "MySQL ended before it answered.\nIts last words" });
        var (exitCode, output, _) = await RunAsync([], "engines", "--services", Folder.Path, "mysql");
        exitCode.ShouldBe(1);
        output.ShouldContain("Engines not tested: MySQL: MySQL ended before it answered.\n");
    }

    [Fact]
    public async Task What_was_to_be_brought_up_and_was_not_is_missed()
    {
        var (exitCode, output, _) = await RunAsync([], "engines", "--services", Folder.Path, "redis");
        exitCode.ShouldBe(1);
        output.ShouldContain("Engines not tested: Redis: it was not brought up.");
    }

    [Fact]
    public async Task An_address_at_which_nobody_answers_is_missed_and_named()
    {
        var (exitCode, output, _) = await RunAsync(
            [("TIDELINE_TEST_REDIS", $"127.0.0.1:{LoopbackPort.Next()}")], "engines", "--services", Folder.Path);
        exitCode.ShouldBe(1);
        output.ShouldContain("Engines not tested: Redis: TIDELINE_TEST_REDIS is given, and it does not answer");
    }

    private void Write(ServiceState state)
    {
        using var _ = Folder.Lock();
        Folder.Write([state]);
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(
        (string Name, string Value)[] variables, params string[] arguments)
    {
        var start = HostProcess.Command(arguments);
        foreach (var engine in (string[])["MYSQL", "REDIS", "KAFKA", "MONGODB"])
            start.Environment.Remove($"TIDELINE_TEST_{engine}");
        foreach (var (name, value) in variables) start.Environment[name] = value;
        return HostProcess.RunAsync(start);
    }
}
