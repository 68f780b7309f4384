using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Records which process runs on a data folder, and its address: <c>DIR/tideline.run.json</c>. A file whose process has
/// ended is stale and counts as absent.
/// </summary>
internal sealed class RunFile : IDisposable
{
    /// <summary>The file's name in the data folder.</summary>
    public const string Name = "tideline.run.json";

    private readonly string _path;

    private RunFile(string path) => _path = path;

    /// <summary>Writes the file atomically.</summary>
    public static RunFile Write(string data, string address)
    {
        var path = PathIn(data);
        using var process = Process.GetCurrentProcess();
        var (id, started) = ProcessIdentity.Of(process);
        File.WriteAllBytes(path + ".new",
            JsonSerializer.SerializeToUtf8Bytes(new RunState(id, started, address), RunJson.Default.RunState));
        File.Move(path + ".new", path, overwrite: true);
        return new RunFile(path);
    }

    /// <summary>The address of the node that runs on the folder; null if none does.</summary>
    public static Uri? Find(string data)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(PathIn(data)), RunJson.Default.RunState);
            return state?.Address is not null
                && new ProcessIdentity(state.ProcessId, state.ProcessStarted).IsAlive ? new Uri(state.Address) : null;
        }
        catch (Exception fault)
            when (fault is FileNotFoundException or DirectoryNotFoundException or JsonException or UriFormatException)
        {
            return null;
        }
    }

    public void Dispose() => File.Delete(_path);

    private static string PathIn(string data) => Path.Combine(data, Name);
}

/// <summary>The process id, the start time (UTC), and the address.</summary>
internal sealed record RunState(int ProcessId, DateTime ProcessStarted, string Address);

/// <summary>JSON of the run file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunState))]
internal sealed partial class RunJson : JsonSerializerContext;
