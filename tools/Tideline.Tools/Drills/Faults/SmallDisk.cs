using System.Diagnostics;

namespace Tideline.Tools.Drills.Faults;

/// <summary>A small file system in memory, which can be filled up. Only root can make one.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    /// <summary>The size of the disk of an embedded installation, MiB.</summary>
    public const int EmbeddedMiB = 256;

    /// <summary>The size of the disk of MySQL, MiB.</summary>
    public const int MySqlMiB = 1_024;

    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    private string Filler => Path.Combine(_path, "filler");

    /// <summary>Mounts one at a folder; null: this user or system cannot.</summary>
    public static async Task<SmallDisk?> MountAsync(string path, int mib, CancellationToken cancel)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return null;
        return await RunAsync("mount", ["-t", "tmpfs", "-o", $"size={mib}m,mode=0700", "tideline-drill", path], cancel)
            ? new SmallDisk(path) : null;
    }

    /// <summary>Fills it up to the last byte.</summary>
    public async Task FillAsync(CancellationToken cancel)
    {
        await using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        foreach (var size in (int[])[1 << 20, 1 << 12, 1])
        {
            var block = new byte[size];
            try
            {
                while (true) await filler.WriteAsync(block, cancel);
            }
            catch (IOException)
            {
                // Nothing of this size fits any more.
            }
        }
    }

    /// <summary>Frees what was filled.</summary>
    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync() => await RunAsync("umount", ["-l", _path], CancellationToken.None);

    private static async Task<bool> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
