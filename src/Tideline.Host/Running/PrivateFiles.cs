using System.Runtime.InteropServices;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// What a node writes is for the user that it runs as: folders 0700, files 0600. SQLite gives its <c>-wal</c> and
/// <c>-shm</c> files the mode of their database.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode Folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OfOthers = (UnixFileMode)0b111_111;

    // What a data folder holds. With anything else in it the folder itself serves other ends too, and keeps its mode.
    private static readonly string[] Own =
        [
            "cluster", "imports", "installation.json", "installation.json.new", "ledger", "ledger.new", "lock", "log",
            "lost+found", "restoring", "tideline.", "views",
        ];

    /// <summary>
    /// From here on the process makes private files alone. A data folder that exists with wider rights is narrowed,
    /// with what the program has in it; one of another user, such as the root of a mounted volume, is left as it is.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: everybody may write in it, and it is not narrowed.</exception>
    public static void Prepare(string data)
    {
        if (OperatingSystem.IsWindows()) return;
        // Of the whole process, from here on: no file is wide open even for the moment between its making and a chmod.
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
                + "chmod 700 it, or name another folder with --data.");
    }

    private static bool IsOwn(FileSystemInfo entry) => Array.Exists(Own, name => name.EndsWith('.') || name == "lock"
        ? entry.Name.StartsWith(name, StringComparison.Ordinal)
        : entry.Name == name);

    // Nobody else gets into a folder that is narrow already, so what is in it does not matter.
    private static void NarrowTree(FileSystemInfo entry)
    {
        if (!Narrow(entry) || entry is not DirectoryInfo folder) return;
        foreach (var child in folder.GetFileSystemInfos()) NarrowTree(child);
    }

    // Whether others had rights. A link is not followed: its target is somebody else's matter.
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
            // Of another user.
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
