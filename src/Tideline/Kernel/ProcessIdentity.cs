using System.Diagnostics;

namespace Tideline.Kernel;

/// <summary>
/// One process of this machine, by its id and its start (UTC). Ids come round again, in a container at every start:
/// only both together name one process.
/// </summary>
public sealed record ProcessIdentity(int Id, DateTime Started)
{
    private static readonly TimeSpan ClockJitter = TimeSpan.FromSeconds(2);

    /// <summary>Whether it still runs; one that was killed and that nobody has collected does not.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                using var process = Process.GetProcessById(Id);
                return !process.HasExited
                    && !IsZombie(Id) && (process.StartTime.ToUniversalTime() - Started).Duration() < ClockJitter;
            }
            catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
            {
                // There is no such process, or it ends this moment.
                return false;
            }
        }
    }

    /// <summary>The identity of a process.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public static ProcessIdentity Of(Process process) => new(process.Id, process.StartTime.ToUniversalTime());

    // A process that was killed keeps its number until its parent asks how it ended, which the first process of a
    // container may never do. Its lock is gone.
    private static bool IsZombie(int id)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The state follows the name, which stands in parentheses and may hold any character (proc_pid_stat(5)).
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart() is ['Z' or 'X', ..];
        }
        catch (IOException)
        {
            return true;
        }
    }
}
