using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>The contents of a backup. It is written last, so a folder without it is not a backup.</summary>
/// <param name="Installation">The installation's id.</param>
/// <param name="Epoch">Its installation epoch when the backup was made.</param>
/// <param name="At">The moment of the cut.</param>
/// <param name="Heads">The head of each shard at that moment.</param>
/// <param name="Files">Every file, by its path in the data folder.</param>
public sealed record BackupManifest(
    Guid Installation, long Epoch, DateTimeOffset At,
    IReadOnlyList<ManifestHead> Heads, IReadOnlyList<BackupFile> Files)
{
    /// <summary>The file's name in the backup.</summary>
    public const string FileName = "backup.json";

    /// <summary>Reads the manifest of a backup.</summary>
    /// <exception cref="TidelineException">NotFound: the folder has no manifest. Corrupt: it cannot be
    /// read.</exception>
    public static BackupManifest Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            throw new TidelineException(
                ErrorCode.NotFound,
                $"{directory} is not a complete backup: {FileName}, which is written last, is missing.");
        }

        try
        {
            if (JsonSerializer.Deserialize(File.ReadAllBytes(path),
                BackupJson.Default.BackupManifest) is { Heads: not null, Files: not null } read)
                return read;
        }
        catch (JsonException)
        {
            // Reported below, as for a file with other content.
        }

        throw new TidelineException(ErrorCode.Corrupt, $"{path} cannot be read.");
    }

    /// <summary>Writes the manifest; durable when it returns.</summary>
    public void Write(string directory) =>
        DurableFile.Write(Path.Combine(directory, FileName),
            JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest));
}

/// <summary>A file of a backup. <paramref name="Sha256"/> is in lower-case hexadecimal.</summary>
public sealed record BackupFile(string Path, long Bytes, string Sha256);

/// <summary>JSON of a backup's manifest: camel case, indented for people.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
