using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// Makes the operating system write out its dirty pages of a file in small parts, so that the flushes of other files do
/// not queue behind all of them.
/// </summary>
internal static partial class PageCache
{
    private const int Part = 256 * 1024;

    // SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER (sync_file_range(2)).
    private const uint WriteAndWait = 7;

    /// <summary>
    /// Writes out a range of bytes. This does not guarantee durability: a flush must still follow, but has little left
    /// to do.
    /// </summary>
    public static void WriteOut(SafeFileHandle file, long from, long to)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        for (; from < to; from += Part)
        {
            // A fault here also shows in the flush that follows.
            if (SyncFileRange(file, from, Math.Min(Part, to - from), WriteAndWait) != 0) return;
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);
}
