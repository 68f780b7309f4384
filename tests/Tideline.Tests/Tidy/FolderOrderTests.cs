using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tideline.Tests.Tidy;

/// <summary>
/// A folder of <c>src/Tideline</c> uses only folders above it in the table of ARCHITECTURE.md. The references are the
/// compiler's own.
/// </summary>
public sealed partial class FolderOrderTests
{
    private const string Root = "src/Tideline/";

    // The SDK writes these for each project.
    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO;
        global using System.Linq; global using System.Net.Http; global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static string[] Order { get; } =
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "ARCHITECTURE.md")))
            .Select(row => row.Groups[1].Value),
    ];

    [Fact]
    public void The_page_names_every_folder() => Order.Order(StringComparer.Ordinal).ShouldBe(
        SourceTree.Files.Where(file => file.Path.StartsWith(Root, StringComparison.Ordinal)
            && file.Path.Count(letter => letter == '/') > 2)
            .Select(file => file.Path.Split('/')[2]).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void No_arrow_goes_up() => string.Join('\n', FindArrowsUp([])).ShouldBeEmpty();

    [Fact]
    public void A_planted_arrow_is_found()
    {
        const string planted = """
            namespace Tideline.Kernel;
            internal static class Planted { public static string Of(Tideline.Ledger.GeneralLedger l) => l.ToString()!; }
            """;
        FindArrowsUp([(Root + "Kernel/Planted.cs", planted)])
            .ShouldContain("Kernel → Ledger: src/Tideline/Kernel/Planted.cs:2 uses GeneralLedger");
    }

    [Fact]
    public void The_product_does_not_know_its_tools() => string.Join('\n',
        Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(path => File.ReadAllText(path).Contains("Tideline.Tools.csproj", StringComparison.Ordinal))
            .Concat(SourceTree.Files.Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal)
                && file.Lines.Any(line => line.StartsWith("using Tideline.Tools", StringComparison.Ordinal)))
                .Select(file => file.Path))).ShouldBeEmpty();

    // A cycle of folders has an arrow that goes up.
    private static IReadOnlyList<string> FindArrowsUp(IEnumerable<(string Path, string Text)> more)
    {
        var trees = SourceTree.Files.Where(file => file.Path.StartsWith(Root, StringComparison.Ordinal))
            .Select(file => (file.Path, Text: string.Join('\n', file.Lines))).Concat(more)
            .Select(file => CSharpSyntaxTree.ParseText(file.Text, path: file.Path)).ToList();
        var platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        var compilation = CSharpCompilation.Create(
            "order", [.. trees, CSharpSyntaxTree.ParseText(ImplicitUsings)],
            platform.Split(Path.PathSeparator)
                .Where(path => !Path.GetFileName(path).StartsWith("Tideline", StringComparison.Ordinal))
                .Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var found = trees.AsParallel().SelectMany(tree => FindArrowsUp(tree, compilation.GetSemanticModel(tree)));
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> FindArrowsUp(SyntaxTree tree, SemanticModel model)
    {
        var from = FolderOf(tree.FilePath);
        foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var found = model.GetSymbolInfo(name);
            if ((found.Symbol ?? found.CandidateSymbols.FirstOrDefault()) is not { } symbol
                || symbol is INamespaceSymbol or ILocalSymbol or IParameterSymbol) continue;
            var declared = symbol.OriginalDefinition.DeclaringSyntaxReferences.FirstOrDefault()?.SyntaxTree.FilePath;
            if (declared is not { Length: > 0 } || FolderOf(declared) is var to && Place(to) <= Place(from)) continue;
            var line = name.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
            yield return $"{from} → {to}: {tree.FilePath}:{line} uses {symbol.Name}";
        }
    }

    private static string FolderOf(string path) => path[Root.Length..].Split('/')[0];

    private static int Place(string folder) => Array.IndexOf(Order, folder);

    [GeneratedRegex(@"^\| `src/Tideline/(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
