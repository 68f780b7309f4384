using System.Security.Cryptography;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Backup;

/// <summary>Restores a backup into a data folder, in a new installation epoch.</summary>
/// <remarks>
/// <code>
/// 1 every file of the backup is compared with its checksum
/// 2 everything is copied into a staging folder, and each shard's head is compared with the backup's
/// 3 a new epoch begins there
/// 4 everything is moved into place, the ledger last: without a ledger a node does not start
/// </code>
/// A killed restore starts over: until the ledger is in place, everything in the folder belongs to the restore.
/// </remarks>
public static class EmbeddedRestore
{
    /// <summary>
    /// The staging folder of a restore, in the data folder. Without a ledger beside it, the restore was killed.
    /// </summary>
    internal const string Staging = "restoring";

    // Moved before the ledger.
    private static readonly string[] Moved = [Manifest.FileName, "log", "views", "imports"];

    /// <summary>Restores a backup into a data folder that does not exist yet, or is empty.</summary>
    /// <returns>The backup, and the epoch that began.</returns>
    /// <exception cref="TidelineException">NotFound: not a complete backup. Corrupt: the backup is damaged.
    /// InvalidInput: the data folder is not empty. AlreadyOwned: another process uses it. StorageUnavailable: it cannot
    /// be written.</exception>
    public static async Task<(BackupManifest Backup, long Epoch)> RunAsync(
        string backup, string data, DateTimeOffset now, CancellationToken cancel)
    {
        var source = Path.GetFullPath(backup);
        var target = Path.GetFullPath(data);
        var manifest = BackupManifest.Read(source);
        RequireFree(target);
        // No node can start here meanwhile. Another restore may have finished between the check and the lock, so check
        // again.
        using var owned = DirectoryLock.Take(target);
        RequireFree(target);
        try
        {
            Check(source, manifest, cancel);
            var staging = Path.Combine(target, Staging);
            if (Directory.Exists(staging)) Clear(target, staging);
            Copy(source, staging, manifest, cancel);
            var epoch = await BeginAsync(staging, manifest, now, cancel);
            Move(staging, target);
            return (manifest, epoch);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"{target} cannot be written: {fault.Message}", fault);
        }
    }

    private static void RequireFree(string target)
    {
        if (!Directory.Exists(target)) return;
        var names = Directory.EnumerateFileSystemEntries(target).Select(path => Path.GetFileName(path))
            .Where(name => !DirectoryLock.IsFileOf(name)).ToList();
        var isKilledRestore = names.Remove(Staging) && names.TrueForAll(name => Moved.Contains(name));
        if (names.Count > 0 && !isKilledRestore)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{target} is not empty; a backup is restored into a new or empty folder.");
    }

    // The remains of a killed restore; the staging folder, which marks them, is deleted last.
    private static void Clear(string target, string staging)
    {
        foreach (var path in Moved.Select(name => Path.Combine(target, name)))
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            else File.Delete(path);
        }

        Directory.Delete(staging, recursive: true);
    }

    // :: Step 1
    private static void Check(string source, BackupManifest manifest, CancellationToken cancel)
    {
        foreach (var file in manifest.Files)
        {
            cancel.ThrowIfCancellationRequested();
            var path = Within(source, file.Path);
            if (!File.Exists(path)) throw Damaged($"{path} is missing");
            using var content = File.OpenRead(path);
            if (content.Length != file.Bytes || Convert.ToHexStringLower(SHA256.HashData(content)) != file.Sha256)
                throw Damaged($"{path} differs from what was written");
        }
    }

    // :: Step 2
    private static void Copy(string source, string staging, BackupManifest manifest, CancellationToken cancel)
    {
        foreach (var file in manifest.Files)
        {
            cancel.ThrowIfCancellationRequested();
            var path = Within(staging, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(Within(source, file.Path), path);
            using var copy = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            copy.Flush(flushToDisk: true);
        }
    }

    // :: Steps 2 and 3
    private static async Task<long> BeginAsync(
        string staging, BackupManifest backup, DateTimeOffset now, CancellationToken cancel)
    {
        await using var store = SqliteLedgerStore.Open(staging, backup.Heads.Count);
        var heads = new ManifestHead[store.Map.Shards];
        for (var shard = 0; shard < heads.Length; shard++)
        {
            await using var reader = store.OpenReader(shard);
            heads[shard] = await ManifestKeeper.HeadAsync(reader, cancel);
            if (heads[shard] != backup.Heads[shard])
                throw Damaged($"shard {shard} does not have the head that the backup records");
        }

        var epoch = await EpochBeginning.RunAsync(
            store, $"restored the backup of {backup.At:O}", now, above: 0, cancel);
        new Manifest(backup.Installation, epoch, heads.Length, heads, now).Write(staging);
        return epoch;
    }

    // :: Step 4
    private static void Move(string staging, string target)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(staging)
            .OrderBy(path => Path.GetFileName(path) == SqliteLedgerStore.Folder))
        {
            var name = Path.GetFileName(path);
            if (DirectoryLock.IsFileOf(name)) File.Delete(path);
            else if (Directory.Exists(path)) Directory.Move(path, Path.Combine(target, name));
            else File.Move(path, Path.Combine(target, name));
        }

        Directory.Delete(staging, recursive: true);
        DurableFile.FlushDirectory(target);
    }

    // The manifest is untrusted: the files that it names must be inside the folder.
    private static string Within(string folder, string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw Damaged($"{BackupManifest.FileName} names {name}, which is outside the backup");
    }

    private static TidelineException Damaged(string what) =>
        new(ErrorCode.Corrupt, $"The backup is damaged: {what}. Nothing was restored.");
}
