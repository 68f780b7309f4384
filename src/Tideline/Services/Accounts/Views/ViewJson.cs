using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// The JSON of the documents: camel case, nulls left out. What the program never writes, such as a field of another
/// name, is not read.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
        AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CustomerDocument))]
[JsonSerializable(typeof(TransactionDocument))]
internal sealed partial class ViewJson : JsonSerializerContext
{
    /// <summary>Reads a customer document.</summary>
    public static CustomerDocument Customer(ReadOnlyMemory<byte> json) =>
        JsonSerializer.Deserialize(json.Span, Default.CustomerDocument)
            ?? throw new JsonException("An empty customer document.");

    /// <summary>Reads a transaction document.</summary>
    public static TransactionDocument Transaction(ReadOnlyMemory<byte> json) =>
        JsonSerializer.Deserialize(json.Span, Default.TransactionDocument)
            ?? throw new JsonException("An empty transaction document.");
}
