using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Kernel;

/// <summary>A currency as its code.</summary>
internal sealed class CurrencyJson : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Currency.TryParse(reader.GetString(), out var currency)
            ? currency
            : throw new JsonException("Not an ISO 4217 currency.");

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Code);
}
