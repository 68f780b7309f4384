using System.Diagnostics;

namespace Tideline.Kernel;

/// <summary>
/// One process of this machine, identified by its id and its start time (UTC). Process ids are reused, in a container
/// at every start, so only both together identify a process.
/// </summary>
public sealed record ProcessIdentity(int Id, DateTime Started)
{
    private static readonly TimeSpan ClockJitter = TimeSpan.FromSeconds(2);

    /// <summary>Whether the process still runs. A killed process that its parent has not reaped does not.</summary>
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
                // The process does not exist, or it is ending now.
                return false;
            }
        }
    }

    /// <summary>The identity of a process.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public static ProcessIdentity Of(Process process) => new(process.Id, process.StartTime.ToUniversalTime());

    // A killed process keeps its id until its parent reaps it, which the first process of a container may never do. Its
    // locks are released.
    private static bool IsZombie(int id)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The state follows the name, which is in parentheses and may contain any character (proc_pid_stat(5)).
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart() is ['Z' or 'X', ..];
        }
        catch (IOException)
        {
            return true;
        }
    }
}
