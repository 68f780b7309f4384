using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Keeps a data folder for one process: an exclusive lock of the operating system on <c>DIR/lock</c>, which ends with
/// the process however that ends. The owner's process id stands beside it in <c>DIR/lock.pid</c>, for the words only: a
/// locked file cannot be read.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    // The numbers of a file that is locked: EWOULDBLOCK of Linux, and of macOS, and Windows' own.
    private const int WouldBlock = 11, WouldBlockMac = 35, SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="TidelineException">AlreadyOwned: another process has it. StorageUnavailable: the folder cannot
    /// be written.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "lock");
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(directory);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(path + ".pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DirectoryLock(file);
        }
        catch (UnauthorizedAccessException fault)
        {
            file?.Dispose();
            throw Unwritable(directory, fault);
        }
        catch (IOException fault)
        {
            // A disk that is full or read-only fails with numbers of its own.
            var isLocked = file is null && fault.HResult is WouldBlock or WouldBlockMac or SharingViolation;
            file?.Dispose();
            throw isLocked
                ? new TidelineException(
                    ErrorCode.AlreadyOwned, $"Another process (pid {OwnerOf(path)}) is using {directory}.", fault)
                : Unwritable(directory, fault);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Whether a file of a data folder is the lock's.</summary>
    public static bool IsFileOf(string name) => name is "lock" or "lock.pid";

    private static string OwnerOf(string path)
    {
        try
        {
            return File.ReadAllText(path + ".pid");
        }
        catch (IOException)
        {
            // The owner has the lock and is about to write its number.
            return "unknown";
        }
    }

    private static TidelineException Unwritable(string directory, Exception fault) =>
        new(ErrorCode.StorageUnavailable, $"The data folder {directory} cannot be written: {fault.Message}", fault);
}
