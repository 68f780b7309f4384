using System.Text.Json.Nodes;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// One broker behind a line that a test can cut, or make lose what goes one way; the tests of a class share it, one
/// after the other.
/// </summary>
public sealed class KafkaBehindProxy : IAsyncLifetime
{
    private const string Line = "kafka", Lost = "timeout";
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-proxy-{new IdGenerator(TimeProvider.System).Next():N}");
    private Toxiproxy? _proxy;
    private KafkaBrokers? _brokers;

    /// <summary>Where clients connect.</summary>
    public string Servers { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        try
        {
            _proxy = Toxiproxy.Prepare(_folder);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip(fault.Message);
        }

        await _proxy.StartAsync(default);
        (int Client, int Controller) ports = (LoopbackPort.Next(), LoopbackPort.Next());
        var port = await _proxy.OpenAsync(Line, ports.Client, default);
        Servers = $"127.0.0.1:{port}";
        _brokers = await KafkaBrokers.StartBehindAsync(ports, port);
    }

    /// <summary>Kills the broker and brings it back.</summary>
    public async Task KillAsync()
    {
        await _brokers!.KillAsync(0);
        await _brokers.RunAsync(0);
    }

    /// <summary>Cuts the line, and mends it.</summary>
    public async Task CutAsync()
    {
        await _proxy!.CutAsync(Line, default);
        await _proxy.RestoreAsync(Line, default);
    }

    /// <summary>From now on what the broker answers is lost, though it hears everything.</summary>
    public Task LoseAnswersAsync() =>
        _proxy!.HarmAsync(Line, Lost, "downstream", new JsonObject { ["timeout"] = 0 }, default);

    /// <summary>Answers come through again, on new connections.</summary>
    public async Task MendAsync()
    {
        await _proxy!.HealAsync(Line, Lost, default);
        await CutAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_brokers is not null) await _brokers.DisposeAsync();
        if (_proxy is not null) await _proxy.DisposeAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
