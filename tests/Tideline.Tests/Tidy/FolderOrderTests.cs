using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tideline.Node;

namespace Tideline.Tests.Tidy;

/// <summary>
/// A folder of <c>src/Tideline</c> uses only folders above it in the table of ARCHITECTURE.md. No folder knows a
/// service, except the services that are registered after it. The references are the compiler's own.
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

    private static string[] Services { get; } =
    [
        .. BankServices.All.Select(service => "Services/" + service.Make().GetType().Namespace!.Split('.')[2]),
    ];

    [Fact]
    public void The_page_names_every_folder() => Order.Order(StringComparer.Ordinal).ShouldBe(
        SourceTree.Files.Where(file => file.Path.StartsWith(Root, StringComparison.Ordinal)
            && file.Path.Count(letter => letter == '/') > 2)
            .Select(file => file.Path.Split('/')[2]).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_folder_of_a_service_is_registered() => Services.ShouldBe(
        SourceTree.Files.Where(file => file.Path.StartsWith(Root + "Services/", StringComparison.Ordinal)
            && file.Path.Count(letter => letter == '/') > 3)
            .Select(file => FolderOf(file.Path)).Distinct(), ignoreOrder: true);

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

    [Theory]
    [InlineData("Consistency", "Accounts.IbanCheck", "Consistency → Services/Accounts")]
    [InlineData("Services.Accounts", "Payments.PaymentsService", "Services/Accounts → Services/Payments")]
    [InlineData("Services", "Archive.ArchiveService", "Services → Services/Archive")]
    [InlineData("Services.Unregistered", "Archive.ArchiveService", "Services/Unregistered → Services/Archive")]
    public void A_planted_service_is_found(string folder, string service, string found)
    {
        var planted = $$"""
            namespace Tideline.{{folder}};
            internal static class Planted { public static string Of(Tideline.Services.{{service}} s) => s.ToString()!; }
            """;
        FindArrowsUp([($"{Root}{folder.Replace('.', '/')}/Planted.cs", planted)])
            .ShouldContain(arrow => arrow.StartsWith(found, StringComparison.Ordinal));
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
            if (declared is not { Length: > 0 } || FolderOf(declared) is var to && MayUse(from, to)) continue;
            var line = name.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
            yield return $"{from} → {to}: {tree.FilePath}:{line} uses {symbol.Name}";
        }
    }

    // A service may use those that are registered before it, and what every service uses.
    private static bool MayUse(string from, string to) =>
        Array.IndexOf(Services, to) is >= 0 and var used ? used <= Array.IndexOf(Services, from)
        : !to.Contains('/') && Array.IndexOf(Order, to) <= Array.IndexOf(Order, from.Split('/')[0]);

    // Each service is a folder of its own.
    private static string FolderOf(string path)
    {
        var parts = path[Root.Length..].Split('/');
        return parts is ["Services", var service, _, ..] ? $"Services/{service}" : parts[0];
    }

    [GeneratedRegex(@"^\| `src/Tideline/(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
