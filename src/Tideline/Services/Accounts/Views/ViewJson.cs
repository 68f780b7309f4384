using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// The JSON of the documents: camel case, nulls left out. Anything that the program never writes, such as an unknown
/// field, is rejected.
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
            ?? throw new JsonException("The customer document is empty.");

    /// <summary>Reads a transaction document.</summary>
    public static TransactionDocument Transaction(ReadOnlyMemory<byte> json) =>
        JsonSerializer.Deserialize(json.Span, Default.TransactionDocument)
            ?? throw new JsonException("The transaction document is empty.");
}
