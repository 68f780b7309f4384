using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tideline.Tests.Deploy;

/// <summary>
/// Checks a document against a JSON schema, by the keywords that the chart's schema uses; another keyword is an error.
/// </summary>
internal sealed class JsonSchema(JsonObject root)
{
    private static readonly string[] Words = ["$schema", "definitions", "description"];

    /// <summary>What is wrong, a line each.</summary>
    public IEnumerable<string> Faults(JsonNode? document) => Faults(root, document, "");

    private IEnumerable<string> Faults(JsonObject schema, JsonNode? at, string path)
    {
        foreach (var (keyword, rule) in schema)
        {
            if (Words.Contains(keyword)) continue;
            IEnumerable<string> found = keyword switch
            {
                "$ref" => Faults(root["definitions"]![$"{rule}".Split('/')[^1]]!.AsObject(), at, path),
                "properties" => at is JsonObject fields ? rule!.AsObject().Where(field => fields.ContainsKey(field.Key))
                    .SelectMany(field => Faults(field.Value!.AsObject(), fields[field.Key], $"{path}/{field.Key}"))
                    : [],
                "additionalProperties" => at is JsonObject fields
                    ? fields.Where(field => !schema["properties"]!.AsObject().ContainsKey(field.Key))
                    .Select(field => $"{path}/{field.Key} is not known") : [],
                "required" => at is JsonObject fields ? rule!.AsArray()
                    .Where(name => !fields.ContainsKey($"{name}")).Select(name => $"{path}/{name} is missing") : [],
                "items" => at is JsonArray list
                    ? list.SelectMany((item, index) => Faults(rule!.AsObject(), item, $"{path}/{index}"))
                    : [],
                _ => Holds(keyword, rule!, at) ? []
                    : [$"{path}: {at?.ToJsonString()} breaks {keyword} {rule!.ToJsonString()}"],
            };
            foreach (var fault in found) yield return fault;
        }
    }

    private bool Holds(string keyword, JsonNode rule, JsonNode? at) => keyword switch
    {
        "type" => Type(at, $"{rule}"),
        "enum" => rule.AsArray().Any(value => JsonNode.DeepEquals(value, at)),
        "const" => JsonNode.DeepEquals(rule, at),
        "not" => Faults(rule.AsObject(), at, "").Any(),
        "pattern" => !Type(at, "string") || Regex.IsMatch($"{at}", $"{rule}"),
        "minLength" => !Type(at, "string") || $"{at}".Length >= (int)rule,
        "minProperties" => at is not JsonObject fields || fields.Count >= (int)rule,
        "minimum" => !Type(at, "number") || (double)at! >= (double)rule,
        "maximum" => !Type(at, "number") || (double)at! <= (double)rule,
        _ => throw new NotSupportedException($"The keyword {keyword} is not checked."),
    };

    private static bool Type(JsonNode? at, string type) => (at?.GetValueKind(), type) switch
    {
        (JsonValueKind.Object, "object") or (JsonValueKind.Array, "array") or (JsonValueKind.String, "string")
            or (JsonValueKind.True or JsonValueKind.False, "boolean") or (JsonValueKind.Number, "number") => true,
        (JsonValueKind.Number, "integer") => (double)at! % 1 == 0,
        _ => false,
    };
}
