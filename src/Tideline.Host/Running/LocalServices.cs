using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Servers that <c>services up</c> of the tools started on this machine, for a node of the cluster profile without
/// configured addresses. The tools write the file.
/// </summary>
/// <param name="MySql">Null if it does not run, like the others.</param>
/// <param name="MongoDb">A connection string.</param>
/// <param name="Kafka">Bootstrap servers.</param>
/// <param name="Redis">An address.</param>
public sealed record LocalServices(string? MySql, string? MongoDb, string? Kafka, string? Redis)
{
    /// <summary>The file's name in the folder of the services.</summary>
    public const string FileName = "services.json";

    /// <summary>The default folder of the services: in the source tree of this program.</summary>
    public static string DefaultFolder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tideline.slnx")))
                folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? ".", "artifacts", "services");
        }
    }

    /// <summary>The addresses of the services that are running.</summary>
    /// <exception cref="TidelineException">Corrupt: the file cannot be read.</exception>
    public static LocalServices Find(string? folder = null)
    {
        var path = Path.Combine(folder ?? DefaultFolder, FileName);
        if (!File.Exists(path)) return new LocalServices(null, null, null, null);
        try
        {
            var running = (JsonSerializer.Deserialize(
                    File.ReadAllBytes(path), LocalServiceJson.Default.IReadOnlyListLocalService) ?? [])
                .Where(each => each.Process is { IsAlive: true })
                .ToDictionary(each => each.Service, each => each.Address);
            return new LocalServices(
                running.GetValueOrDefault("mysql"), running.GetValueOrDefault("mongo"),
                running.GetValueOrDefault("kafka"), running.GetValueOrDefault("redis"));
        }
        catch (JsonException fault)
        {
            throw new TidelineException(ErrorCode.Corrupt, $"{path} cannot be read ({fault.Message}).", fault);
        }
    }
}

/// <summary>The fields of a service that are read.</summary>
internal sealed record LocalService(string Service, string? Address, ProcessIdentity? Process);

/// <summary>JSON of the services' file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<LocalService>))]
internal sealed partial class LocalServiceJson : JsonSerializerContext;
