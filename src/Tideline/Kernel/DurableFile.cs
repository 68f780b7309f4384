using System.Runtime.InteropServices;
using System.Text;

namespace Tideline.Kernel;

/// <summary>
/// Writes files atomically and durably: write a temporary file, flush it, rename it, and flush the folder. After a
/// power failure the file is either complete or absent.
/// </summary>
internal static class DurableFile
{
    /// <summary>Writes or replaces a file atomically.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>
    /// Makes the names in a folder durable. A rename survives a power failure only once its folder is flushed.
    /// </summary>
    public static void FlushDirectory(string path)
    {
        // Windows keeps names in its own journal and offers no such call.
        if (OperatingSystem.IsWindows()) return;
        var handle = NativeMethods.Open(Encoding.UTF8.GetBytes(path + '\0'), 0);
        if (handle < 0)
            throw new IOException($"The folder '{path}' cannot be opened to flush it.", Marshal.GetLastPInvokeError());
        try
        {
            if (NativeMethods.Fsync(handle) != 0)
                throw new IOException($"The folder '{path}' cannot be flushed.", Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = NativeMethods.Close(handle);
        }
    }

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Fsync(int handle);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int handle);
    }
}
