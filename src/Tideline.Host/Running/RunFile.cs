using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Host.Running;

/// <summary>Says who runs on a data folder and where: <c>DIR/tideline.run.json</c>. A file whose process is gone is stale and counts as absent.</summary>
internal sealed class RunFile : IDisposable
{
    private readonly string _path;

    private RunFile(string path) => _path = path;

    public static RunFile Write(string data, string address)
    {
        var path = PathIn(data);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(new RunState(Environment.ProcessId, address), RunJson.Default.RunState));
        return new RunFile(path);
    }

    /// <summary>The address of the node that runs on the folder; null when none does.</summary>
    public static Uri? Find(string data)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(PathIn(data)), RunJson.Default.RunState);
            return state is not null && IsAlive(state.ProcessId) ? new Uri(state.Address) : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or JsonException or UriFormatException)
        {
            return null;
        }
    }

    public void Dispose() => File.Delete(_path);

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string PathIn(string data) => Path.Combine(data, "tideline.run.json");
}

/// <summary>The process and its address.</summary>
internal sealed record RunState(int ProcessId, string Address);

/// <summary>JSON of the run file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunState))]
internal sealed partial class RunJson : JsonSerializerContext;
