using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// The file of <c>up --config</c>: a JSON object with the names of the options. Comments are allowed; unknown names are
/// refused.
/// </summary>
internal sealed record UpConfiguration
{
    public string? Data { get; init; }

    public int? Port { get; init; }

    public string? Listen { get; init; }

    public int? Shards { get; init; }

    public string? Profile { get; init; }

    public string? Roles { get; init; }

    public bool? Demo { get; init; }

    [JsonPropertyName("demo-rate")]
    public int? DemoRate { get; init; }

    public bool? Verbose { get; init; }

    [JsonPropertyName("mysql")]
    public IReadOnlyList<string>? MySql { get; init; }

    public string? Kafka { get; init; }

    [JsonPropertyName("kafka-settings")]
    public IReadOnlyDictionary<string, string>? KafkaSettings { get; init; }

    [JsonPropertyName("mongodb")]
    public string? MongoDb { get; init; }

    public string? Redis { get; init; }

    public string? Name { get; init; }

    public string? Own { get; init; }

    public string? Address { get; init; }

    public string? Hosts { get; init; }

    /// <summary>Whether TIDELINE_PROFILE, or else the file, selects the cluster profile.</summary>
    [JsonIgnore]
    public bool IsCluster => (ClusterSettings.Variable("TIDELINE_PROFILE") ?? Profile) == "cluster";

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file; null: the one named by TIDELINE_CONFIG, or empty settings if it is unset.</param>
    /// <exception cref="TidelineException">NotFound, InvalidInput: the message names the file and the
    /// place.</exception>
    public static UpConfiguration Read(string? path)
    {
        if ((path ??= ClusterSettings.Variable("TIDELINE_CONFIG")) is null) return new UpConfiguration();
        if (!File.Exists(path))
            throw new TidelineException(ErrorCode.NotFound, $"There is no configuration file {path}.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Wrong(path, "it is not a JSON object");
            foreach (var field in document.RootElement.EnumerateObject()) Check(path, field);
            return document.RootElement.Deserialize(UpJson.Default.UpConfiguration)!;
        }
        catch (JsonException fault)
        {
            throw Wrong(path, fault.LineNumber is { } line ? string.Create(
                CultureInfo.InvariantCulture, $"line {line + 1} is not valid JSON") : "it is not valid JSON");
        }
    }

    /// <summary>The port in TIDELINE_PORT; null if it is unset.</summary>
    /// <exception cref="TidelineException">InvalidInput: it is not a number.</exception>
    public static int? PortOfEnvironment() => ClusterSettings.Variable("TIDELINE_PORT") is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port
        : throw new TidelineException(ErrorCode.InvalidInput, $"TIDELINE_PORT must be a port number, not '{text}'.");

    private static void Check(string path, JsonProperty field)
    {
        var wrong = field.Name switch
        {
            "data" or "listen" or "profile" or "roles" or "kafka" or "mongodb" or "redis" or "name" or "own"
                or "address" or "hosts" => field.Value.ValueKind == JsonValueKind.String ? null : "must be a string",
            "port" or "shards" or "demo-rate" => field.Value.ValueKind == JsonValueKind.Number
                && field.Value.TryGetInt32(out _) ? null : "must be a whole number",
            "demo" or "verbose" => field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? null
                : "must be true or false",
            "mysql" => field.Value.ValueKind == JsonValueKind.Array
                && field.Value.EnumerateArray().All(IsText) ? null : "must be a list of strings, one per primary",
            "kafka-settings" => field.Value.ValueKind == JsonValueKind.Object
                && field.Value.EnumerateObject().All(setting => IsText(setting.Value)) ? null :
                    "must be an object with string values",
            _ => "is not an option of up; the options are data, port, listen, shards, profile, roles, demo, demo-rate, "
                + "verbose, mysql, kafka, kafka-settings, mongodb, redis, name, own, address and hosts",
        };
        if (wrong is not null) throw Wrong(path, $"'{field.Name}' {wrong}");
    }

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static TidelineException Wrong(string path, string what) =>
        new(ErrorCode.InvalidInput, $"The configuration file {path} is invalid: {what}.");
}

/// <summary>JSON of the configuration file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UpConfiguration))]
internal sealed partial class UpJson : JsonSerializerContext;
