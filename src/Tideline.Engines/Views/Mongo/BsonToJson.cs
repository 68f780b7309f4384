using System.Buffers.Binary;
using System.Text.Json;
using MongoDB.Bson;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Turns what <see cref="JsonToBson"/> wrote back into JSON, and the numbers that a hand with a tool writes.
/// </summary>
internal static class BsonToJson
{
    /// <summary>Writes the element that the reader stands at, with its name.</summary>
    /// <returns>False where no JSON can say it: a date, an object id.</returns>
    public static bool TryWriteField(in BsonElements element, Utf8JsonWriter json)
    {
        json.WritePropertyName(element.Name);
        return TryWriteValue(element, json);
    }

    private static bool TryWriteValue(in BsonElements element, Utf8JsonWriter json)
    {
        var value = element.Value;
        switch (element.Type)
        {
            case BsonType.String:
                json.WriteStringValue(BsonElements.Text(value));
                return true;
            case BsonType.Int64:
                json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(value));
                return true;
            case BsonType.Document or BsonType.Array:
                return TryWriteElements(value, json, element.Type == BsonType.Array);
            case BsonType.Null:
                json.WriteNullValue();
                return true;
            case BsonType.Boolean:
                json.WriteBooleanValue(value[0] != 0);
                return true;
            case BsonType.Int32:
                json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(value));
                return true;
            case BsonType.Double when double.IsFinite(BinaryPrimitives.ReadDoubleLittleEndian(value)):
                json.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(value));
                return true;
            case BsonType.Decimal128 when Number(value) is { } number:
                json.WriteRawValue(number, skipInputValidation: true);
                return true;
            default:
                return false;
        }
    }

    private static bool TryWriteElements(ReadOnlySpan<byte> elements, Utf8JsonWriter json, bool isArray)
    {
        if (isArray) json.WriteStartArray();
        else json.WriteStartObject();
        var reader = new BsonElements(elements);
        while (reader.Read())
        {
            if (!(isArray ? TryWriteValue(reader, json) : TryWriteField(reader, json))) return false;
        }

        if (isArray) json.WriteEndArray();
        else json.WriteEndObject();
        return true;
    }

    private static string? Number(ReadOnlySpan<byte> value)
    {
        var number = Decimal128.FromIEEEBits(
            BinaryPrimitives.ReadUInt64LittleEndian(value[8..]), BinaryPrimitives.ReadUInt64LittleEndian(value));
        return Decimal128.IsNaN(number) || Decimal128.IsInfinity(number) ? null : number.ToString();
    }
}
