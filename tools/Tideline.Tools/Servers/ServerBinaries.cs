using System.Globalization;
using System.Text.RegularExpressions;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// Where the programs of the servers come from: MySQL, Redis and, where the machine has none, Java from Debian's
/// packages, unpacked by <c>dev/servers/install</c>; the rest from the folder of servers that no package holds,
/// <c>TIDELINE_SERVICES_DIR</c> or <c>../shared/services</c>. What is not there throws NotFound and says why, and
/// nothing was changed.
/// </summary>
internal static partial class ServerBinaries
{
    private const int OldestJava = 17;
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(30);

    /// <summary>The root of the source tree that this program was built in; null when it runs elsewhere.</summary>
    public static string? SourceRoot { get; } = FindSourceRoot();

    /// <summary>
    /// The root folder of an unpacked server: <c>ROOT/run PROGRAM …</c> runs one of its programs. Downloads it the
    /// first time.
    /// </summary>
    /// <exception cref="TidelineException">NotFound: it cannot be had here.</exception>
    public static async Task<string> InstallAsync(string package, CancellationToken cancel)
    {
        if (SourceRoot is null) throw Missing("dev/servers/install, which unpacks it, is not beside this program");
        var (exitCode, output, errors) = await new ServerCommand(
            "bash", [Path.Combine(SourceRoot, "dev", "servers", "install"), package]).RunAsync(InstallLimit, cancel);
        return exitCode == 0
            ? output.Trim()
            : throw Missing(LastLine(errors).Replace("install: ", "", StringComparison.Ordinal));
    }

    /// <summary>A folder of the servers that no package holds.</summary>
    /// <param name="name">As in <c>kafka</c>.</param>
    /// <exception cref="TidelineException">NotFound: it is not on this machine.</exception>
    public static string Shared(string name)
    {
        var named = Environment.GetEnvironmentVariable("TIDELINE_SERVICES_DIR") is { Length: > 0 } variable
            ? variable
            : null;
        var folder = Path.GetFullPath(named ?? Path.Combine(SourceRoot ?? ".", "..", "shared", "services"));
        var path = Path.Combine(folder, name);
        return Directory.Exists(path) ? path : throw Missing($"there is no folder "
            + $"{path}{(named is null ? "; TIDELINE_SERVICES_DIR can name another one than ../shared/services" : "")}");
    }

    /// <summary>A Java of version 17 or later: that of JAVA_HOME, that of the PATH, or one that is unpacked.</summary>
    /// <exception cref="TidelineException">NotFound: there is none.</exception>
    public static async Task<string> JavaAsync(CancellationToken cancel)
    {
        string[] candidates = Environment.GetEnvironmentVariable(
            "JAVA_HOME") is { Length: > 0 } home ? [Path.Combine(home, "bin", "java"), "java"] : ["java"];
        foreach (var java in candidates)
        {
            if (await JavaVersionAsync(java, cancel) >= OldestJava) return java;
        }

        try
        {
            return Path.Combine(await InstallAsync("java", cancel), "java");
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            throw Missing(
                $"it needs Java {OldestJava} or later, none is on the PATH, and none can be unpacked: {fault.Message}");
        }
    }

    // 0 when it is not there.
    private static async Task<int> JavaVersionAsync(string java, CancellationToken cancel)
    {
        try
        {
            var (_, output, errors) = await new ServerCommand(java, ["-version"]).RunAsync(AskLimit, cancel);
            var major = MajorVersion().Match(errors + output).Groups[1];
            return major.Success ? int.Parse(major.Value, CultureInfo.InvariantCulture) : 0;
        }
        catch (TidelineException)
        {
            return 0;
        }
    }

    private static string? FindSourceRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "dev", "servers", "install")))
            folder = folder.Parent;
        return folder?.FullName;
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
            ?? "it was not said why";

    private static TidelineException Missing(string why) => new(ErrorCode.NotFound, why);

    [GeneratedRegex(@"version ""(\d{1,9})")]
    private static partial Regex MajorVersion();
}
