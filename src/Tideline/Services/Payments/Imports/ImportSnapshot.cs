using Tideline.Ledger.Installation;

namespace Tideline.Services.Payments.Imports;

/// <summary>The files of imports at one moment. The files of a finished import never change.</summary>
internal static class ImportSnapshot
{
    /// <summary>Takes the snapshot of an imports folder; null if there is none. Fast: it copies nothing.</summary>
    public static FolderSnapshot? Of(string directory)
    {
        if (!Directory.Exists(directory)) return null;
        var snapshot = new FolderSnapshot(directory);
        var pending = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Files(directory, "pending")) pending.Add(Path.GetFileName(path));
        // If one of these files disappears meanwhile, its import has finished, and its own files say so.
        foreach (var path in Files(directory, "messages").Concat(Files(directory, "pending"))) snapshot.Hold(path);
        foreach (var import in Directory.EnumerateDirectories(directory)
            .Where(path => Guid.TryParse(Path.GetFileName(path), out _)))
        {
            foreach (var path in Directory.EnumerateFiles(import)
                .Where(path => !path.EndsWith(".new", StringComparison.Ordinal)))
            {
                if (pending.Contains(Path.GetFileName(import))) snapshot.Hold(path);
                else snapshot.Add(path);
            }
        }

        return snapshot;
    }

    private static IEnumerable<string> Files(string directory, string name)
    {
        var folder = Path.Combine(directory, name);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [];
    }
}
