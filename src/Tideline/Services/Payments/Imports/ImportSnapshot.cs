namespace Tideline.Services.Payments.Imports;

/// <summary>
/// The files of imports as they are at one moment. What an import has finished never changes; of those under way the
/// files that grow or are replaced are held open, as long as they are now.
/// </summary>
internal sealed class ImportSnapshot : IDisposable
{
    private readonly List<(string Path, FileStream? Held, long Length)> _files = [];

    /// <summary>Takes the snapshot of an imports folder; empty where there is none. Quick: it copies nothing.</summary>
    public ImportSnapshot(string directory)
    {
        if (!Directory.Exists(directory)) return;
        var pending = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Files(directory, "pending")) pending.Add(Path.GetFileName(path));
        foreach (var name in (string[])["messages", "pending"])
        {
            foreach (var path in Files(directory, name)) Hold(directory, path);
        }

        foreach (var import in Directory.EnumerateDirectories(directory)
            .Where(path => Guid.TryParse(Path.GetFileName(path), out _)))
        {
            foreach (var path in Directory.EnumerateFiles(import))
            {
                if (path.EndsWith(".new", StringComparison.Ordinal)) continue;
                if (pending.Contains(Path.GetFileName(import))) Hold(directory, path);
                else _files.Add((Path.GetRelativePath(directory, path), null, -1));
            }
        }

        Root = directory;
    }

    private string Root { get; } = "";

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
                Path.Combine(Root, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            yield return (path, file, file.Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, held, _) in _files) held?.Dispose();
    }

    private static IEnumerable<string> Files(string directory, string name)
    {
        var folder = Path.Combine(directory, name);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [];
    }

    private void Hold(string directory, string path)
    {
        try
        {
            var held = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _files.Add((Path.GetRelativePath(directory, path), held, held.Length));
        }
        catch (FileNotFoundException)
        {
            // It was finished while the folder was listed: its import says so.
        }
    }
}
