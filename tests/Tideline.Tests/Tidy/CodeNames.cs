using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tideline.Engines.Ledger;
using Tideline.Gateway;
using Tideline.Host.Commands;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Node;
using Tideline.Tools.Commands;

namespace Tideline.Tests.Tidy;

/// <summary>What pages may name: identifiers, texts of the program, files, and constants with their values.</summary>
internal static partial class CodeNames
{
    private static readonly string[] Untracked = [".git", "artifacts", "data", "bin", "obj"];

    private static readonly string[] Scripts = ["deploy", "dev", ".ci"];

    /// <summary>Every file of the repository, from the root.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(new DirectoryInfo(SourceTree.Root)).Select(
        file => Path.GetRelativePath(SourceTree.Root, file.FullName).Replace('\\', '/'))];

    /// <summary>Types, and members without and with their type: <c>Fold</c>, <c>SchemaVersion</c>,
    /// <c>Fold.SchemaVersion</c>.</summary>
    public static IReadOnlySet<string> Declared { get; } = SourceTree.Files
        .SelectMany(file => DeclaredIn(CSharpSyntaxTree.ParseText(string.Join('\n', file.Lines)).GetRoot()))
        .ToHashSet();

    /// <summary>The words of string literals, scripts and deployment files: <c>account.events</c>.</summary>
    public static IReadOnlySet<string> Words { get; } = SourceTree.Files.Where(file => !file.IsTest)
        .SelectMany(file => LiteralsOf(CSharpSyntaxTree.ParseText(string.Join('\n', file.Lines)).GetRoot()))
        .Concat(Files
            .Where(file => Scripts.Contains(file.Split('/')[0]) || file is "tideline" or "Directory.Build.props")
            .Select(file => File.ReadAllText(Path.Combine(SourceTree.Root, file))))
        .SelectMany(WordsOf).Append(Topics.DeadLetters(Topics.AccountEvents))
        .Concat(from file in SourceTree.Files.Where(file => !file.IsTest)
                from line in file.Lines
                from Match state in ProjectionState().Matches(line)
                from projection in BankServices.Projections
                select projection.State(state.Groups[1].Value)).ToHashSet();

    /// <summary>
    /// Numeric constants by name, with and without their type; two types may have one of the same name.
    /// </summary>
    public static ILookup<string, decimal> Constants { get; } =
        (from assembly in (Assembly[])[typeof(Limits).Assembly, typeof(BalanceCheck).Assembly,
            typeof(TidelineNode).Assembly, typeof(TidelineGateway).Assembly, typeof(CommandTree).Assembly,
            typeof(BenchCommands).Assembly]
         from type in assembly.GetTypes()
         from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
         where field is { IsLiteral: true } && (field.FieldType == typeof(int) || field.FieldType == typeof(long))
         from name in (string[])[field.Name, $"{type.Name}.{field.Name}"]
         select (Name: name, Value: Convert.ToDecimal(field.GetRawConstantValue(), CultureInfo.InvariantCulture)))
        .ToLookup(one => one.Name, one => one.Value);

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories().Where(inner => !Untracked.Contains(inner.Name)).SelectMany(Walk));

    private static IEnumerable<string> DeclaredIn(SyntaxNode root)
    {
        foreach (var node in root.DescendantNodes())
        {
            IEnumerable<string> names = node switch
            {
                BaseTypeDeclarationSyntax type => [type.Identifier.Text],
                DelegateDeclarationSyntax type => [type.Identifier.Text],
                MethodDeclarationSyntax method => [method.Identifier.Text],
                PropertyDeclarationSyntax property => [property.Identifier.Text],
                EnumMemberDeclarationSyntax member => [member.Identifier.Text],
                BaseFieldDeclarationSyntax field => field.Declaration.Variables.Select(one => one.Identifier.Text),
                ParameterSyntax { Parent.Parent: RecordDeclarationSyntax } parameter => [parameter.Identifier.Text],
                _ => [],
            };
            var of = node.Ancestors().OfType<BaseTypeDeclarationSyntax>().FirstOrDefault()?.Identifier.Text;
            foreach (var name in names)
            {
                yield return name;
                if (of is not null) yield return $"{of}.{name}";
            }
        }
    }

    /// <summary>The texts of a file's string literals.</summary>
    public static IEnumerable<string> LiteralsOf(SyntaxNode root) =>
        from token in root.DescendantTokens()
        where token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken
            or SyntaxKind.Utf8StringLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken
            or SyntaxKind.MultiLineRawStringLiteralToken or SyntaxKind.Utf8MultiLineRawStringLiteralToken
            or SyntaxKind.Utf8SingleLineRawStringLiteralToken
        select token.ValueText;

    private static IEnumerable<string> WordsOf(string text)
    {
        foreach (Match word in Compound().Matches(text))
        {
            // With "Values.mysql.enabled" also "mysql.enabled".
            var from = 0;
            do
            {
                yield return word.Value[from..];
                from = word.Value.IndexOf('.', from) + 1;
            }
            while (from > 0);

            foreach (Match part in Simple().Matches(word.Value)) yield return part.Value;
        }
    }

    [GeneratedRegex(@"\w+(?:[.-]+\w+)*")]
    private static partial Regex Compound();

    [GeneratedRegex(@"\bState\(""([a-z]+)""\)")]
    private static partial Regex ProjectionState();

    [GeneratedRegex(@"\w+(?:-\w+)*")]
    private static partial Regex Simple();
}
