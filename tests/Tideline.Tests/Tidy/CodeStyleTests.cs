using System.Text.RegularExpressions;

namespace Tideline.Tests.Tidy;

/// <summary>The style of the house, checked over the source tree. A failure lists every place at once.</summary>
public sealed partial class CodeStyleTests
{
    private const int FileLines = 400;
    private const int MethodLines = 70;

    private static readonly string[] VagueFolders = ["Common", "Helpers", "Utils", "Managers"];

    // Put together here, so that this file does not hold them itself.
    private static readonly string[] UnfinishedWork = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception", "for " + "now"];

    // Without this the other tests would be content with nothing.
    [Fact]
    public void The_tree_is_found_whole()
    {
        string[] known = ["src/Tideline/Kernel/EventType.cs", "bench/BenchCommand.cs", "tests/Tideline.Tests/Tidy/CodeStyleTests.cs"];
        known.ShouldBeSubsetOf(SourceTree.Code.Select(file => file.Name));
    }

    [Fact]
    public void A_namespace_mirrors_its_folder() => Faults(
        from file in SourceTree.Code
        let declared = Namespace().Match(file.Text) is { Success: true } match ? match.Groups[1].Value : null
        // Top-level statements have no namespace; there is one such file, the program's entry.
        where declared != NamespaceOf(file.Folder) && !(declared is null && file.Name.EndsWith("/Program.cs", StringComparison.Ordinal))
        select $"{file.Name}: {declared ?? "none"}, not {NamespaceOf(file.Folder)}");

    [Fact]
    public void No_file_is_long() => Faults(
        from file in SourceTree.Code
        where file.Lines.Length > FileLines
        select $"{file.Name}: {file.Lines.Length} lines, over {FileLines}");

    [Fact]
    public void A_method_fits_a_screen() => Faults(
        from file in SourceTree.Code
        from method in CSharpText.Methods(file.Text)
        where method.Lines > MethodLines
        select $"{file.Name}:{method.Line} {method.Name}: {method.Lines} lines, over {MethodLines}");

    [Fact]
    public void Nothing_is_hidden_in_a_region() => Faults(
        from file in SourceTree.Code
        from line in file.Lines.Index()
        where line.Item.TrimStart().StartsWith("#reg" + "ion", StringComparison.Ordinal)
        select $"{file.Name}:{line.Index + 1}");

    [Fact]
    public void No_folder_has_a_vague_name() => Faults(SourceTree.Folders.Where(folder => folder.Split('/').Any(VagueFolders.Contains)));

    [Fact]
    public void No_words_of_unfinished_work_stand_in_code_or_pages() => Faults(
        from file in SourceTree.Code.Concat(SourceTree.Pages)
        from line in file.Lines.Index()
        from word in UnfinishedWork
        where Regex.IsMatch(line.Item, $@"\b{word}\b")
        select $"{file.Name}:{line.Index + 1} says {word}");

    [Fact]
    public void A_public_type_of_the_core_has_a_docstring() => Faults(
        from file in SourceTree.Code
        where file.Name.StartsWith("src/Tideline/", StringComparison.Ordinal)
        from type in CSharpText.PublicTypes(file.Text)
        where !HasDocstring(file.Lines, type.Line)
        select $"{file.Name}:{type.Line} {type.Name}");

    private static bool HasDocstring(string[] lines, int line)
    {
        var above = line - 2;
        while (above >= 0 && lines[above].StartsWith('[')) above--;
        return above >= 0 && lines[above].StartsWith("///", StringComparison.Ordinal);
    }

    private static string NamespaceOf(string folder) => folder.Split('/') switch
    {
        ["bench", .. var below] => string.Join('.', ["Tideline.Bench", .. below]),
        [_, .. var below] => string.Join('.', below),
        _ => "",
    };

    private static void Faults(IEnumerable<string> faults) => string.Join('\n', faults).ShouldBeEmpty();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
