namespace Tideline.Ledger.Installation;

/// <summary>
/// The files of a folder at one moment, for a backup. Files that grow or are replaced are held open and copied up to
/// their present length; files that never change are read when they are copied.
/// </summary>
/// <param name="directory">The folder.</param>
public sealed class FolderSnapshot(string directory) : IDisposable
{
    private readonly List<(string Path, FileStream? Held, long Length)> _files = [];

    /// <summary>The folder.</summary>
    public string Directory => directory;

    /// <summary>Adds a file that never changes.</summary>
    public void Add(string path) => _files.Add((Path.GetRelativePath(directory, path), null, -1));

    /// <summary>Adds a file that may change, as it is now. A file that no longer exists is left out.</summary>
    public void Hold(string path)
    {
        try
        {
            var held = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _files.Add((Path.GetRelativePath(directory, path), held, held.Length));
        }
        catch (FileNotFoundException)
        {
            // The file was deleted while the folder was listed.
        }
    }

    /// <summary>Each file's path in the folder, and its content.</summary>
    public IEnumerable<(string Path, Stream Content, long Length)> Open()
    {
        foreach (var (path, held, length) in _files)
        {
            if (held is not null)
            {
                yield return (path, held, length);
                continue;
            }

            using var file = new FileStream(
                Path.Combine(directory, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            yield return (path, file, file.Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, held, _) in _files) held?.Dispose();
    }
}
