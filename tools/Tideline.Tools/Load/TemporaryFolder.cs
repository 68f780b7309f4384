namespace Tideline.Tools.Load;

/// <summary>A folder that goes when the run ends, or the one that the user named, which stays.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly bool _keep;

    public TemporaryFolder(string purpose, string? named = null)
    {
        _keep = named is not null;
        Path = named ?? System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), $"tideline-{purpose}-{System.IO.Path.GetRandomFileName()}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>A fresh folder inside.</summary>
    public string Sub(string name)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(path);
        return path;
    }

    public void Dispose()
    {
        if (!_keep && Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
