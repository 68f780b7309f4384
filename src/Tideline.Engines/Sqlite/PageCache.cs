using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// Has the operating system write out what it holds of a file, a part at a time, so that the flushes of other files do
/// not queue behind all of it.
/// </summary>
internal static partial class PageCache
{
    private const int Part = 256 * 1024;

    // SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER (sync_file_range(2)).
    private const uint WriteAndWait = 7;

    /// <summary>
    /// Writes out a range of bytes. This is not a promise of durability: a flush still has to follow, and finds little
    /// left to do.
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
            // A fault here shows again in the flush that follows.
            if (SyncFileRange(file, from, Math.Min(Part, to - from), WriteAndWait) != 0) return;
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);
}
