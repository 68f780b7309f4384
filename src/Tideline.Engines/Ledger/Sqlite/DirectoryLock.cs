using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Keeps a data folder for one process: an exclusive lock of the operating system on <c>DIR/lock</c>, which ends with the process however that ends. The
/// file holds the owner's process id, for the words only.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="TidelineException">AlreadyOwned: another process has it. StorageUnavailable: the folder cannot be written.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "lock");
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(directory);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return new DirectoryLock(file);
        }
        catch (Exception fault) when (fault is UnauthorizedAccessException or IOException)
        {
            file?.Dispose();
            if (fault is IOException && file is null && OwnerOf(path) is { } owner)
                throw new TidelineException(ErrorCode.AlreadyOwned, $"Another process (pid {owner}) is using {directory}.", fault);
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The data folder {directory} cannot be written: {fault.Message}", fault);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string? OwnerOf(string path)
    {
        try
        {
            // Shared for everything: reads beside the owner's lock.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            var text = reader.ReadToEnd();
            return text.Length == 0 ? "unknown" : text;
        }
        catch (IOException)
        {
            // On an operating system with mandatory locks the owner cannot be read, which itself says that there is one.
            return File.Exists(path) ? "unknown" : null;
        }
    }
}
