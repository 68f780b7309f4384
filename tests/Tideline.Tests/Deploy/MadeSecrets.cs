using System.Diagnostics;
using Tideline.Tools.Load;

namespace Tideline.Tests.Deploy;

/// <summary>What <c>deploy/make-secrets</c> makes, in a folder that goes again.</summary>
internal sealed class MadeSecrets : IDisposable
{
    private readonly TemporaryFolder _temporary = new("secrets");

    private string Folder => Path.Combine(_temporary.Path, "made");

    public IEnumerable<string> Names => Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path));

    public static MadeSecrets Make()
    {
        var made = new MadeSecrets();
        made.Run().ShouldBe(0);
        return made;
    }

    /// <summary>Runs the script; answers its exit code.</summary>
    public int Run()
    {
        using var script = Process.Start(new ProcessStartInfo(Path.Combine(DeployTree.Root, "make-secrets"),
            [Folder])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        return script.ExitCode;
    }

    public string Text(string name) => File.ReadAllText(Path.Combine(Folder, name));

    /// <summary>The variables of a file that Compose puts into the environment.</summary>
    public Dictionary<string, string> Variables(string name) =>
        Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    public void Dispose() => _temporary.Dispose();
}
