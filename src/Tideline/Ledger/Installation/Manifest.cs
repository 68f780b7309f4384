using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// What an installation records about itself outside the ledger, in the data folder. With it, the next start detects a
/// ledger that is older than its manifest, or a different one, even if log and views are away.
/// </summary>
/// <param name="Installation">The installation's id.</param>
/// <param name="Epoch">The installation epoch.</param>
/// <param name="Shards">How many shards the ledger has.</param>
/// <param name="Heads">The last observed durable heads, one per shard, in the order of shards.</param>
/// <param name="At">When it was written.</param>
public sealed record Manifest(
    Guid Installation, long Epoch, int Shards, IReadOnlyList<ManifestHead> Heads, DateTimeOffset At)
{
    /// <summary>The file's name in the data folder.</summary>
    public const string FileName = "installation.json";

    /// <summary>Reads the manifest of a data folder; null when there is none.</summary>
    /// <exception cref="TidelineException">Corrupt: the file cannot be read.</exception>
    public static Manifest? Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), ManifestJson.Default.Manifest);
            if (manifest is { Heads: not null } && manifest.Heads.Count == manifest.Shards) return manifest;
        }
        catch (JsonException)
        {
            // Reported below, as for a file with other content.
        }

        throw new TidelineException(
            ErrorCode.Corrupt,
            $"{path} cannot be read. Restore it from a backup; to start without it, move it away: then only log and "
                + $"views tell how far the ledger was.");
    }

    /// <summary>Writes or replaces the manifest of a data folder atomically; durable when it returns.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Write(string directory)
    {
        // The data folder of a cluster node may not exist before its first import file.
        Directory.CreateDirectory(directory);
        DurableFile.Write(Path.Combine(directory, FileName),
            JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.Manifest));
    }
}

/// <summary>A shard's head as stored in the manifest, or as another witness observed it.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="EventSeq">Its newest event; 0 for none.</param>
/// <param name="EventHash">
/// SHA-256 of the newest event, in lower-case hexadecimal; empty if there is no event, or if only its time was
/// observed.
/// </param>
/// <param name="MessageSeq">Its newest message; 0 for none.</param>
/// <param name="TimeUs">The commit time of the head; without a hash, that of the newest event.</param>
public sealed record ManifestHead(int Shard, long EventSeq, string EventHash, long MessageSeq, long TimeUs);

/// <summary>JSON of the manifest: camel case, indented for people.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
