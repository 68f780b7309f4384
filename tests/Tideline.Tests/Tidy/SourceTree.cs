namespace Tideline.Tests.Tidy;

/// <summary>The source as it stands in the repository, found from where the tests run.</summary>
internal static class SourceTree
{
    private static readonly string[] CodeFolders = ["src", "bench", "tests"];
    private static readonly string[] Generated = ["artifacts", "bin", "obj", ".git", "data"];

    /// <summary>The folder that holds Tideline.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file of the program, its bench and its tests.</summary>
    public static IReadOnlyList<SourceFile> Code { get; } = [.. CodeFolders.SelectMany(folder => Read(folder, "*.cs"))];

    /// <summary>Every page of the documentation.</summary>
    public static IReadOnlyList<SourceFile> Pages { get; } =
    [
        .. Directory.EnumerateFiles(Root, "*.md").Select(SourceFile.Read),
        .. Read("docs", "*.md"),
    ];

    /// <summary>Every folder that holds code, with slashes, from the root.</summary>
    public static IReadOnlyList<string> Folders { get; } = [.. Code.Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal)];

    private static IEnumerable<SourceFile> Read(string folder, string pattern) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
        .Select(SourceFile.Read)
        .Where(file => !file.Name.Split('/').Any(Generated.Contains))
        .OrderBy(file => file.Name, StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tideline.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Tideline.slnx stands above {AppContext.BaseDirectory}.");
    }
}

/// <summary>A file: its name from the root, with slashes, and its text.</summary>
internal sealed record SourceFile(string Name, string Text)
{
    public string Folder => Name[..Math.Max(0, Name.LastIndexOf('/'))];

    public string[] Lines => Text.Split('\n');

    public static SourceFile Read(string path) => new(Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/'), File.ReadAllText(path));
}
