using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>A limit is in the folder that it limits; or above it, where several folders share it.</summary>
public sealed partial class LimitTests
{
    private static readonly Dictionary<string, string> Classes = SourceTree.Files
        .Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal)
            && file.Path.EndsWith("Limits.cs", StringComparison.Ordinal)
            && !file.Path.EndsWith("KestrelLimits.cs", StringComparison.Ordinal))
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file.Path), file => file.Path);

    [Fact]
    public void Every_limit_is_used_where_it_is_kept()
    {
        var astray = from file in Classes
                     let uses = UsesOf(file.Key)
                     from name in Names(file.Value)
                     let folders = uses[name].Distinct().ToList()
                     where folders.Count < 2 && !folders.Contains(FolderOf(file.Value))
                     select $"{file.Key}.{name} is used in [{string.Join(", ", folders)}]";
        string.Join('\n', astray).ShouldBeEmpty();
    }

    private static IEnumerable<string> Names(string path) =>
        from line in SourceTree.Files.Single(file => file.Path == path).Lines
        where line.Contains(" const ", StringComparison.Ordinal)
        from Match name in Declared().Matches(line)
        select name.Groups[1].Value;

    // The folders in which each constant of a class is used.
    private static ILookup<string, string> UsesOf(string type) =>
        (from file in SourceTree.Files
         where file.Path.StartsWith("src/", StringComparison.Ordinal)
         from line in file.Lines
         from Match use in Regex.Matches(line, $@"(?<!\w){type}\.(\w+)")
         select (Name: use.Groups[1].Value, Folder: FolderOf(file.Path)))
        .ToLookup(use => use.Name, use => use.Folder);

    // src/Tideline/Ledger, src/Tideline.Gateway; a service has its own, and an engine of a role too.
    private static string FolderOf(string path)
    {
        var parts = path.Split('/')[..^1];
        var depth = parts[1] == "Tideline" ? parts.Length > 2 && parts[2] == "Services" ? 4 : 3
            : parts[1] == "Tideline.Engines" ? 4 : 2;
        return string.Join('/', parts.Take(depth));
    }

    [GeneratedRegex(@"([A-Z]\w+) = ")]
    private static partial Regex Declared();
}
