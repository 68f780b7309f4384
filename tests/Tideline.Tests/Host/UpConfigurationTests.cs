using System.Diagnostics;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Host;

/// <summary>Where <c>up</c> finds its options: the file, over it the environment, over both the command line.</summary>
public sealed class UpConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_file_is_used_the_environment_wins_over_it_and_the_command_line_over_both()
    {
        var (ofFile, ofEnvironment, ofLine) = (LoopbackPort.Next(), LoopbackPort.Next(), LoopbackPort.Next());
        var config = Path.Combine(_folder, "up.json");
        await File.WriteAllTextAsync(config, JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["data"] = Path.Combine(_folder, "data"), ["port"] = ofFile, ["shards"] = 3
        }));
        (await AddressAsync([], "--config", config)).ShouldBe($"http://127.0.0.1:{ofFile}");
        File.Exists(Path.Combine(_folder, "data", "ledger", "shard-2.db")).ShouldBeTrue();
        (await AddressAsync([("TIDELINE_PORT", $"{ofEnvironment}")], "--config", config))
            .ShouldBe($"http://127.0.0.1:{ofEnvironment}");
        (await AddressAsync([("TIDELINE_PORT", $"{ofEnvironment}"), ("TIDELINE_DATA", Path.Combine(_folder, "other"))],
            "--config", config, "--port", $"{ofLine}")).ShouldBe($"http://127.0.0.1:{ofLine}");
        Directory.Exists(Path.Combine(_folder, "other", "ledger")).ShouldBeTrue();
    }

    // Starts a node, reads its first line and ends it.
    private static async Task<string> AddressAsync((string Name, string Value)[] variables, params string[] arguments)
    {
        var start = HostProcess.Command(["up", .. arguments]);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var node = Process.Start(start)!;
        try
        {
            var line = await node.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            return line!.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .First(word => word.StartsWith("http", StringComparison.Ordinal));
        }
        finally
        {
            node.Kill();
            await node.WaitForExitAsync();
        }
    }
}
