using System.Runtime.InteropServices;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Restricts a node's files to the user that it runs as: folders 0700, files 0600. SQLite gives its <c>-wal</c> and
/// <c>-shm</c> files the mode of their database.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode Folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OfOthers = (UnixFileMode)0b111_111;

    // The contents of a data folder. If it contains anything else, the folder also serves another purpose and keeps its
    // mode.
    private static readonly string[] Own =
        [
            "cluster", "imports", "installation.json", "installation.json.new", "ledger", "ledger.new", "lock", "log",
            "lost+found", "restoring", "tideline.", "views",
        ];

    /// <summary>
    /// From now on the process creates only private files. An existing data folder with wider permissions is
    /// restricted, together with the program's files in it; a folder of another user, such as the root of a mounted
    /// volume, is left as it is.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: every user can write to it, and it cannot be
    /// restricted.</exception>
    public static void Prepare(string data)
    {
        if (OperatingSystem.IsWindows()) return;
        // Set for the whole process: no file is accessible to others even between its creation and a chmod.
        _ = Native.SetMask((uint)OfOthers);
        var folder = new DirectoryInfo(data);
        if (!folder.Exists) return;
        var entries = folder.GetFileSystemInfos();
        if (Array.TrueForAll(entries, IsOwn)) Narrow(folder);
        foreach (var entry in entries)
            if (IsOwn(entry)) NarrowTree(entry);

        folder.Refresh();
        if ((folder.UnixFileMode & (UnixFileMode.OtherWrite | UnixFileMode.StickyBit)) == UnixFileMode.OtherWrite)
            throw new TidelineException(
                ErrorCode.InvalidInput,
                $"Every user can write to {folder.FullName}, and the node cannot change that: "
                + "chmod 700 it, or choose another folder with --data.");
    }

    private static bool IsOwn(FileSystemInfo entry) => Array.Exists(Own, name => name.EndsWith('.') || name == "lock"
        ? entry.Name.StartsWith(name, StringComparison.Ordinal)
        : entry.Name == name);

    // Other users cannot enter a restricted folder, so its contents do not matter.
    private static void NarrowTree(FileSystemInfo entry)
    {
        if (!Narrow(entry) || entry is not DirectoryInfo folder) return;
        foreach (var child in folder.GetFileSystemInfos()) NarrowTree(child);
    }

    // Returns whether others had permissions. Links are not followed: their targets do not belong to the data folder.
    private static bool Narrow(FileSystemInfo entry)
    {
        if (OperatingSystem.IsWindows() || entry.LinkTarget is not null || (entry.UnixFileMode & OfOthers) == 0)
            return false;
        try
        {
            entry.UnixFileMode = entry is DirectoryInfo ? Folder : File;
        }
        catch (UnauthorizedAccessException)
        {
            // The entry belongs to another user.
        }

        return true;
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "umask")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern uint SetMask(uint mask);
    }
}
