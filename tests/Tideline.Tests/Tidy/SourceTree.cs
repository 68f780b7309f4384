namespace Tideline.Tests.Tidy;

/// <summary>The repository's own source, as the tests of its style read it.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file of the program, its tools and its tests.</summary>
    public static IReadOnlyList<SourceFile> Files { get; } = [.. new[] { "src", "tools", "tests" }.SelectMany(Read)];

    private static IEnumerable<SourceFile> Read(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => new SourceFile(Path.GetRelativePath(Root, path).Replace('\\', '/'), File.ReadAllLines(path)));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tideline.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException(
            "The tests of the style need the source tree that they were built from.");
    }
}

/// <summary>A file, by its path from the root.</summary>
internal sealed record SourceFile(string Path, string[] Lines)
{
    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);
}
