#pragma warning disable CA2000 // Pinned files are disposed with the cut.
using System.Security.Cryptography;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Backup;

/// <summary>Makes a consistent copy of a running embedded installation.</summary>
/// <remarks>
/// <code>
/// 1 the writers of all shards are paused between two batches
/// 2 views, then log, then every shard are pinned by a read transaction; files of services are held open
/// 3 the writers continue
/// 4 everything pinned is copied; backup.json is written last
/// </code>
/// Copying files at different moments would create or destroy money. Views are pinned before the log and the log before
/// the ledger, so that no copy can be ahead of its source.
/// </remarks>
/// <param name="ledger">The strong tier.</param>
/// <param name="data">The data folder.</param>
/// <param name="pinFiles">Takes a snapshot of the services' files in that folder when called.</param>
/// <param name="time">The clock.</param>
public sealed class EmbeddedBackup(
    GeneralLedger ledger, string data, Func<IReadOnlyList<FolderSnapshot>> pinFiles, TimeProvider time)
{
    private static readonly string LogFile = Path.Combine("log", "log.db");
    private static readonly string ViewsFile = Path.Combine("views", "views.db");
    private int _running;

    /// <summary>Makes a backup in a folder that does not exist yet, or is empty.</summary>
    /// <exception cref="TidelineException">InvalidInput: the folder is not usable. Overloaded: another backup is
    /// running, or the shards could not be paused. StorageUnavailable: it cannot be written. A partial backup is
    /// removed.</exception>
    public async Task<BackupManifest> WriteAsync(string directory, CancellationToken cancel)
    {
        var target = Path.GetFullPath(directory);
        RequireFree(target);
        if (Interlocked.Exchange(ref _running, 1) != 0)
            throw new TidelineException(ErrorCode.Overloaded, "Another backup is already running.");
        try
        {
            using var cut = new Cut();
            await ledger.AtOneMomentAsync(() => Pin(cut), cancel);
            return await Task.Run(() => Copy(cut, target, cancel), cancel);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"The backup {target} cannot be written: {fault.Message}", fault);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private void RequireFree(string target)
    {
        var own = RealPath(data) + Path.DirectorySeparatorChar;
        if ((RealPath(target) + Path.DirectorySeparatorChar).StartsWith(own, StringComparison.Ordinal))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{target} is inside the data folder; a backup must be outside it.");
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{target} is not empty; a backup needs a new or empty folder.");
    }

    // Resolves symbolic links in its folders, as far as they exist.
    private static string RealPath(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent) return full;
        var own = Path.Combine(RealPath(parent), Path.GetFileName(full));
        return Path.Exists(own) && new DirectoryInfo(own).ResolveLinkTarget(returnFinalTarget: true) is { } target
            ? RealPath(target.FullName)
            : own;
    }

    // :: Step 2
    private void Pin(Cut cut)
    {
        cut.At = time.GetUtcNow();
        foreach (var file in (string[])[ViewsFile, LogFile])
        {
            if (File.Exists(Path.Combine(data, file))) cut.Pin(data, file);
        }

        cut.Folders = pinFiles();
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
            cut.Shards.Add(cut.Pin(data, SqliteLedgerStore.FileOf(shard)));
    }

    // :: Step 4
    private BackupManifest Copy(Cut cut, string target, CancellationToken cancel)
    {
        var existed = Directory.Exists(target);
        try
        {
            Directory.CreateDirectory(target);
            var files = new List<BackupFile>();
            foreach (var (name, pinned) in cut.Files)
            {
                var path = MakeRoom(target, name);
                pinned.CopyTo(path, cancel);
                files.Add(Seal(target, name));
            }

            foreach (var folder in cut.Folders)
            {
                foreach (var (name, content, length) in folder.Open())
                {
                    cancel.ThrowIfCancellationRequested();
                    var path = Path.Combine(Path.GetRelativePath(data, folder.Directory), name);
                    CopyStream(content, length, MakeRoom(target, path));
                    files.Add(Seal(target, path));
                }
            }

            foreach (var directory in Directory.EnumerateDirectories(target, "*", SearchOption.AllDirectories))
                DurableFile.FlushDirectory(directory);
            var heads = cut.Shards.Select((pinned, shard) => pinned.Read(database => ShardHeads.Read(database, shard)))
                .ToArray();
            var now = ledger.Epochs(0)[^1];
            var manifest = new BackupManifest(now.Installation, now.Number, cut.At, heads, files);
            manifest.Write(target);
            return manifest;
        }
        catch
        {
            Remove(target, withFolder: !existed);
            throw;
        }
    }

    // The target was empty, so everything in it was written by this backup.
    private static void Remove(string target, bool withFolder)
    {
        var folder = new DirectoryInfo(target);
        if (!folder.Exists) return;
        if (withFolder)
        {
            folder.Delete(recursive: true);
            return;
        }

        foreach (var entry in folder.GetFileSystemInfos())
        {
            if (entry is DirectoryInfo below) below.Delete(recursive: true);
            else entry.Delete();
        }
    }

    private static string MakeRoom(string target, string name)
    {
        var path = Path.Combine(target, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private static void CopyStream(Stream content, long length, string path)
    {
        using var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        var buffer = new byte[64 * 1024];
        while (length > 0)
        {
            var read = content.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
            if (read == 0) throw new IOException($"{path} is shorter than it was at the moment of the cut.");
            copy.Write(buffer, 0, read);
            length -= read;
        }
    }

    private static BackupFile Seal(string target, string name)
    {
        using var file = new FileStream(
            Path.Combine(target, name), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        file.Flush(flushToDisk: true);
        return new BackupFile(name.Replace(Path.DirectorySeparatorChar, '/'),
            file.Length, Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    private sealed class Cut : IDisposable
    {
        public DateTimeOffset At { get; set; }

        public List<(string Name, PinnedDatabase Pinned)> Files { get; } = [];

        public List<PinnedDatabase> Shards { get; } = [];

        public IReadOnlyList<FolderSnapshot> Folders { get; set; } = [];

        public PinnedDatabase Pin(string data, string name)
        {
            var pinned = new PinnedDatabase(Path.Combine(data, name));
            Files.Add((name, pinned));
            return pinned;
        }

        public void Dispose()
        {
            foreach (var (_, pinned) in Files) pinned.Dispose();
            foreach (var folder in Folders) folder.Dispose();
        }
    }
}
