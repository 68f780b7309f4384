using System.Runtime.InteropServices;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// Identifies the file at a path by device and inode. If a file was replaced, the path no longer leads to the file that
/// a process has open.
/// </summary>
internal readonly partial record struct FileIdentity(ulong Device, ulong Inode)
{
    // statx(2): its structure is the same on every processor. AT_FDCWD, STATX_INO.
    private const int StructBytes = 256;
    private const int CurrentFolder = -100;
    private const uint AskInode = 0x100;

    /// <summary>The file at a path; null if there is none. Where the system cannot tell, all files are equal.</summary>
    public static FileIdentity? Of(string path)
    {
        if (!OperatingSystem.IsLinux()) return File.Exists(path) ? default(FileIdentity) : null;
        Span<byte> found = stackalloc byte[StructBytes];
        if (StatX(CurrentFolder, path, 0, AskInode, ref MemoryMarshal.GetReference(found)) != 0) return null;
        return new FileIdentity(
            MemoryMarshal.Read<ulong>(found[136..]), MemoryMarshal.Read<ulong>(found[32..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte found);
}
