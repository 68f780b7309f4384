using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Host.Running;

/// <summary>Says who runs on a data folder and where: <c>DIR/tideline.run.json</c>. A file whose process is gone is stale and counts as absent.</summary>
internal sealed class RunFile : IDisposable
{
    private static readonly TimeSpan ClockJitter = TimeSpan.FromSeconds(2);
    private readonly string _path;

    private RunFile(string path) => _path = path;

    /// <summary>Writes the file, whole or not at all.</summary>
    public static RunFile Write(string data, string address)
    {
        var path = PathIn(data);
        using var process = Process.GetCurrentProcess();
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(new RunState(process.Id, process.StartTime.ToUniversalTime(), address), RunJson.Default.RunState));
        File.Move(path + ".new", path, overwrite: true);
        return new RunFile(path);
    }

    /// <summary>The address of the node that runs on the folder; null when none does.</summary>
    public static Uri? Find(string data)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(PathIn(data)), RunJson.Default.RunState);
            return state?.Address is not null && IsAlive(state) ? new Uri(state.Address) : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or JsonException or UriFormatException)
        {
            return null;
        }
    }

    public void Dispose() => File.Delete(_path);

    // Process ids come round again, in a container at every start: only with its start time does an id name one process.
    private static bool IsAlive(RunState state)
    {
        try
        {
            using var process = Process.GetProcessById(state.ProcessId);
            return !process.HasExited && !IsZombie(state.ProcessId) && (process.StartTime.ToUniversalTime() - state.ProcessStarted).Duration() < ClockJitter;
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            // There is no such process, or it ends this moment.
            return false;
        }
    }

    // A process that was killed keeps its number until its parent asks how it ended, which the first process of a container may never do. Its lock is gone.
    private static bool IsZombie(int processId)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            // The state follows the name, which stands in parentheses and may hold any character (proc_pid_stat(5)).
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart() is ['Z' or 'X', ..];
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string PathIn(string data) => Path.Combine(data, "tideline.run.json");
}

/// <summary>The process, when it began (UTC), and its address.</summary>
internal sealed record RunState(int ProcessId, DateTime ProcessStarted, string Address);

/// <summary>JSON of the run file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunState))]
internal sealed partial class RunJson : JsonSerializerContext;
