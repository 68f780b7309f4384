using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools.Load;

namespace Tideline.Tests.Host;

/// <summary>
/// <c>services up</c>, <c>status</c> and <c>down</c> as a user and a script meet them, with the server that starts
/// fastest.
/// </summary>
public sealed class ServicesTests : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary = new("services");

    private string Folder => Path.Combine(_temporary.Path, "services");

    public async ValueTask DisposeAsync()
    {
        var (exitCode, _, errors) = await RunAsync("down", "--wipe");
        exitCode.ShouldBe(0, errors);
        _temporary.Dispose();
    }

    [Fact]
    public async Task A_service_outlives_the_command_and_is_left_as_it_is_by_the_next()
    {
        var first = await UpAsync();
        first.GetProperty("state").GetString().ShouldBe("up");
        first.GetProperty("version").GetString()!.ShouldStartWith("Redis ");
        await ConnectAsync(first);
        (await UpAsync()).GetRawText().ShouldBe(first.GetRawText());
        (await RunAsync("status")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Up_prints_the_variables_to_export_and_writes_them_down()
    {
        await UpAsync();
        var (exitCode, output, errors) = await RunAsync("up", "redis");
        exitCode.ShouldBe(0, errors);
        var exports = output.Split('\n').Where(line => line.StartsWith("export ", StringComparison.Ordinal)).ToList();
        exports.Count.ShouldBe(2);
        exports[0].ShouldStartWith("export TIDELINE_REDIS='127.0.0.1:");
        exports[1].ShouldStartWith("export TIDELINE_TEST_REDIS='127.0.0.1:");
        (await File.ReadAllLinesAsync(Path.Combine(Folder, "services.env"))).ShouldBe(exports);
    }

    [Fact]
    public async Task A_killed_service_is_said_to_be_down_and_comes_back_where_it_was()
    {
        var first = await UpAsync();
        using (var process = Process.GetProcessById(first.GetProperty("pid").GetInt32())) process.Kill();
        await GoneAsync(first);
        var (exitCode, output, errors) = await RunAsync("status", "redis");
        exitCode.ShouldBe(1);
        output.ShouldContain("redis\tdown");
        errors.ShouldContain("its process has ended");
        var second = await UpAsync();
        second.GetProperty("address").GetString().ShouldBe(first.GetProperty("address").GetString());
        second.GetProperty("pid").GetInt32().ShouldNotBe(first.GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task Down_ends_the_process_and_keeps_the_data_unless_it_is_to_be_wiped()
    {
        var up = await UpAsync();
        (await RunAsync("down")).ExitCode.ShouldBe(0);
        await Should.ThrowAsync<SocketException>(() => ConnectAsync(up));
        Directory.Exists(Path.Combine(Folder, "redis")).ShouldBeTrue();
        (await RunAsync("status")).ExitCode.ShouldBe(1);
        (await RunAsync("down", "--wipe")).ExitCode.ShouldBe(0);
        Directory.Exists(Folder).ShouldBeFalse();
    }

    [Fact]
    public async Task What_cannot_be_had_says_why_and_the_others_come_up()
    {
        await UpAsync();
        var start = HostProcess.Command("services", "up", "kafka", "mongo", "redis", "--folder", Folder);
        start.Environment["TIDELINE_SERVICES_DIR"] = Path.Combine(_temporary.Path, "nowhere");
        var (exitCode, output, errors) = await HostProcess.RunAsync(start);
        exitCode.ShouldBe(2);
        output.ShouldContain("redis\tup");
        foreach (var name in (string[])["kafka", "mongo"])
        {
            output.ShouldContain($"{name}\tnot available here");
            errors.ShouldContain($"tideline: {name} not available here: there is no folder");
        }

        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Where_nothing_was_brought_up_nothing_is_up_and_nothing_is_made()
    {
        var (exitCode, output, _) = await RunAsync("status");
        exitCode.ShouldBe(1);
        output.ShouldContain("No services here");
        (await RunAsync("down")).ExitCode.ShouldBe(0);
        Directory.Exists(Folder).ShouldBeFalse();
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        HostProcess.RunAsync(["services", .. arguments, "--folder", Folder]);

    // The one row that up printed.
    private async Task<JsonElement> UpAsync()
    {
        OwnServer.SkipWhenEmbedded();
        var (exitCode, output, errors) = await RunAsync("up", "redis", "--json");
        Assert.SkipWhen(errors.Contains("redis not available here", StringComparison.Ordinal), errors);
        exitCode.ShouldBe(0, errors);
        return JsonDocument.Parse(output).RootElement.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
    }

    private static async Task ConnectAsync(JsonElement row)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", int.Parse(
            row.GetProperty("address").GetString()!.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task GoneAsync(JsonElement row)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                await ConnectAsync(row);
                await Task.Delay(10, late.Token);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }
}
