using System.Text;
using System.Text.Json;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// The folder of <c>services up</c>: a folder for each server, <c>services.json</c>, which says what runs where, and
/// <c>services.env</c>, which a shell can source.
/// </summary>
public sealed class ServiceFolder(string path)
{
    /// <summary>Where the services are unless another folder is named.</summary>
    public static string Default => LocalServices.DefaultFolder;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The variables of the services that are up, for <c>source</c>.</summary>
    public string EnvironmentFile => System.IO.Path.Combine(Path, "services.env");

    private string LockFile => System.IO.Path.Combine(Path, "services.lock");

    private string StateFile => System.IO.Path.Combine(Path, LocalServices.FileName);

    /// <summary>What was written last; nothing where no service was ever up.</summary>
    /// <exception cref="TidelineException">Corrupt: the file cannot be read; what runs has to be ended by
    /// hand.</exception>
    public IReadOnlyList<ServiceState> Read()
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(StateFile), ServiceJson.Default.IReadOnlyListServiceState) ?? [];
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException fault)
        {
            throw new TidelineException(ErrorCode.Corrupt, $"{StateFile} cannot be read ({fault.Message}). End the "
                + $"servers of that folder by hand, then delete it.", fault);
        }
    }

    /// <summary>
    /// The environment variables that name the services that are up, in the order in which they are printed.
    /// </summary>
    public static IReadOnlyList<(string Name, string Value)> Variables(IEnumerable<ServiceState> states)
    {
        var up = states.Where(state => state is { Condition: ServiceCondition.Up, Address: not null })
            .Select(state => (Service: Service.Named(state.Service), Address: state.Address!)).ToList();
        return [.. up.Select(one => (one.Service.AddressVariable, one.Address)),
            .. up.Select(one => (one.Service.TestVariable, one.Address))];
    }

    /// <summary>Keeps other <c>services</c> commands away until it is disposed; makes the folder.</summary>
    /// <exception cref="TidelineException">AlreadyOwned: one is at work. InvalidInput: the folder is used for something
    /// else.</exception>
    internal IDisposable Lock()
    {
        if (Directory.Exists(Path) && !File.Exists(LockFile) && Directory.EnumerateFileSystemEntries(Path).Any())
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{Path} holds other files; name a new or an empty folder for the services.");
        LocalServer.MakePrivate(Path);
        try
        {
            return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (fault is not PathTooLongException)
        {
            throw new TidelineException(ErrorCode.AlreadyOwned,
                $"Another services command is at work on {Path}; try again when it has ended.", fault);
        }
    }

    /// <summary>Writes both files, each whole or not at all.</summary>
    internal void Write(IReadOnlyList<ServiceState> states)
    {
        Replace(StateFile, JsonSerializer.SerializeToUtf8Bytes(states, ServiceJson.Default.IReadOnlyListServiceState));
        Replace(EnvironmentFile, Encoding.UTF8.GetBytes(
            string.Concat(Variables(states).Select(variable => $"export {variable.Name}='{variable.Value}'\n"))));
    }

    /// <summary>Deletes a service's data and log.</summary>
    internal void Wipe(string service)
    {
        var folder = System.IO.Path.Combine(Path, service);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>Deletes the folder when no service is left in it.</summary>
    internal void DeleteIfBare()
    {
        if (Service.All.Any(service => Directory.Exists(System.IO.Path.Combine(Path, service.Name)))) return;
        foreach (var file in (string[])[StateFile, EnvironmentFile, LockFile]) File.Delete(file);
        if (!Directory.EnumerateFileSystemEntries(Path).Any()) Directory.Delete(Path);
    }

    private static void Replace(string path, byte[] content)
    {
        File.WriteAllBytes(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }
}
