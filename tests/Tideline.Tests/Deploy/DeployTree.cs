using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tideline.Host.Commands;
using Tideline.Tests.Tidy;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Tideline.Tests.Deploy;

/// <summary>The files of <c>deploy/</c>, and what the program they are for reads and answers.</summary>
internal static partial class DeployTree
{
    private static readonly IDeserializer Reader = new DeserializerBuilder()
        .WithAttemptingUnquotedStringTypeDeserialization().Build();

    public static string Root { get; } = Path.Combine(SourceTree.Root, "deploy");

    public static string Chart { get; } = Path.Combine(Root, "helm", "tideline");

    /// <summary>Every variable that the program reads, as its source names them.</summary>
    public static IReadOnlySet<string> Variables { get; } = SourceTree.Files.Where(
        file => file.Path.StartsWith("src/Tideline.Host/", StringComparison.Ordinal))
        .SelectMany(file => file.Lines)
            .SelectMany(line => Variable().Matches(line)).Select(match => match.Groups[1].Value).ToHashSet();

    /// <summary>The paths that a node answers.</summary>
    public static IReadOnlySet<string> Routes { get; } =
        File.ReadAllLines(Path.Combine(SourceTree.Root, "tests", "Tideline.Tests", "Frozen", "routes.txt"))
            .Select(line => line.Split(' ')[0]).ToHashSet();

    public static string Text(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>A file in YAML, with its anchors and merges carried out.</summary>
    public static JsonObject Yaml(params string[] path) =>
        (JsonObject)Node(Reader.Deserialize<object>(new MergingParser(new Parser(new StringReader(Text(path))))))!;

    /// <summary>What is wrong with the arguments of a container that runs <c>up</c>; null when nothing is.</summary>
    public static string? FaultOfArguments(IReadOnlyList<string> arguments)
    {
        string[] known = [.. UpCommand.Build().Options.Select(option => option.Name)];
        return arguments is not ["up", "--profile", "cluster", ..]
            ? $"{string.Join(' ', arguments)} is not up --profile cluster"
            : arguments.FirstOrDefault(word => word.StartsWith("--", StringComparison.Ordinal)
                && !known.Contains(word)) is { } unknown ? $"up has no {unknown}"
            : null;
    }

    /// <summary>Whether a tag tells one version from another.</summary>
    public static bool IsPinned(string image) => PinnedTag().IsMatch(image);

    public static void Nothing(IEnumerable<string?> found) =>
        string.Join('\n', found.Where(fault => fault is not null)).ShouldBeEmpty();

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        IDictionary<object, object?> map =>
            new JsonObject(map.Select(field => KeyValuePair.Create($"{field.Key}", Node(field.Value)))),
        IEnumerable<object?> list => new JsonArray([.. list.Select(Node)]),
        bool truth => JsonValue.Create(truth),
        string text => JsonValue.Create(text),
        _ => JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
    };

    [GeneratedRegex("\"(TIDELINE_[A-Z]+)\"")]
    private static partial Regex Variable();

    [GeneratedRegex(@":[\w.-]*\d+\.\d[\w.-]*$")]
    private static partial Regex PinnedTag();
}
