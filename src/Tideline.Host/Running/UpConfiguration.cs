using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>The file that <c>up --config</c> reads: a JSON object with the names of the options. Comments are allowed; a name that is not known is refused.</summary>
internal sealed record UpConfiguration
{
    public string? Data { get; init; }

    public int? Port { get; init; }

    public int? Shards { get; init; }

    public string? Profile { get; init; }

    public bool? Demo { get; init; }

    [JsonPropertyName("demo-rate")]
    public int? DemoRate { get; init; }

    public bool? Verbose { get; init; }

    /// <exception cref="TidelineException">NotFound, InvalidInput: in words that name the file and the place.</exception>
    public static UpConfiguration Read(string path)
    {
        if (!File.Exists(path)) throw new TidelineException(ErrorCode.NotFound, $"There is no configuration file {path}.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Wrong(path, "it holds no JSON object");
            foreach (var field in document.RootElement.EnumerateObject()) Check(path, field);
            return document.RootElement.Deserialize(UpJson.Default.UpConfiguration)!;
        }
        catch (JsonException fault)
        {
            throw Wrong(path, fault.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1} is not valid JSON") : "it is not valid JSON");
        }
    }

    /// <summary>The port that TIDELINE_PORT names; null when it is not set.</summary>
    /// <exception cref="TidelineException">InvalidInput: it is no number.</exception>
    public static int? PortOfEnvironment() => Environment.GetEnvironmentVariable("TIDELINE_PORT") is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port
        : throw new TidelineException(ErrorCode.InvalidInput, $"TIDELINE_PORT is a port number, not '{text}'.");

    private static void Check(string path, JsonProperty field)
    {
        var wrong = field.Name switch
        {
            "data" or "profile" => field.Value.ValueKind == JsonValueKind.String ? null : "is a text in quotes",
            "port" or "shards" or "demo-rate" => field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out _) ? null : "is a whole number",
            "demo" or "verbose" => field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "is true or false",
            _ => "is no option of up; the names are data, port, shards, profile, demo, demo-rate and verbose",
        };
        if (wrong is not null) throw Wrong(path, $"'{field.Name}' {wrong}");
    }

    private static TidelineException Wrong(string path, string what) => new(ErrorCode.InvalidInput, $"The configuration file {path} cannot be used: {what}.");
}

/// <summary>JSON of the configuration file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UpConfiguration))]
internal sealed partial class UpJson : JsonSerializerContext;
