using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MongoDB.Bson;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Turns what <see cref="JsonToBson"/> wrote back into JSON, and the numbers that a hand with a tool writes. What the
/// engine added beside a field must say the same as the field, and is left out.
/// </summary>
internal static class BsonToJson
{
    /// <summary>Writes the fields of a document, its id and envelope left out.</summary>
    /// <returns>Why it cannot be one that the program wrote: JSON cannot say a field, or two contradict each other.
    /// Null when all is written.</returns>
    public static string? WriteDocument(ReadOnlySpan<byte> document, FieldNode types, Utf8JsonWriter json) =>
        WriteFields(document, types, NativeValue.NoExponent, isTop: true, json);

    private static string? WriteFields(
        ReadOnlySpan<byte> document, FieldNode types, int around, bool isTop, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        var scope = new JsonToBson.Scope(types, around);
        var reader = new BsonElements(document);
        while (reader.Read())
        {
            if (isTop && (reader.Name.SequenceEqual("_id"u8) || reader.Name.SequenceEqual(StoredDocument.Envelope)))
                continue;
            var field = types.Find(reader.Name);
            if (field is { IsAdded: true }) return Why(reader.Name, "does not stand beside what it repeats");
            json.WritePropertyName(reader.Name);
            if (reader.Type == BsonType.String && reader.Name.SequenceEqual("currency"u8))
                (scope.Exponent, scope.IsOwn) = (NativeValue.ExponentOf(BsonElements.Text(reader.Value)), true);
            var fault = field?.Kind is { } kind
                ? WriteTyped(ref reader, field, kind, ref scope, json)
                : WriteValue(reader, field, ref scope, json);
            if (fault is not null) return fault;
            if (field is { IsExactUs: true } && reader.Type == BsonType.Int64)
                scope.ExactUs = BinaryPrimitives.ReadInt64LittleEndian(reader.Value);
        }

        json.WriteEndObject();
        return null;
    }

    private static string? WriteValue(
        in BsonElements element, FieldNode.Field? field, ref JsonToBson.Scope scope, Utf8JsonWriter json)
    {
        var value = element.Value;
        if (element.Type == BsonType.Document)
            return WriteFields(value, scope.Types.Inner(field), scope.Exponent, isTop: false, json);
        if (element.Type != BsonType.Array)
            return TryWriteLeaf(element, json) ? null : Why(element.Name, "holds what JSON cannot");
        json.WriteStartArray();
        var items = new BsonElements(value);
        while (items.Read())
        {
            if (WriteValue(items, field, ref scope, json) is { } fault) return fault;
        }

        json.WriteEndArray();
        return null;
    }

    private static bool TryWriteLeaf(in BsonElements element, Utf8JsonWriter json)
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

    private static string? WriteTyped(
        ref BsonElements reader, FieldNode.Field field, FieldKind kind, ref JsonToBson.Scope scope,
        Utf8JsonWriter json)
    {
        switch (reader.Type)
        {
            case BsonType.Int64 or BsonType.Decimal128 when kind is FieldKind.TimeUs or FieldKind.AmountMinor:
                return WriteWithAdded(ref reader, field, kind, scope, json);
            case BsonType.Binary when kind is FieldKind.Id or FieldKind.Bytes:
                return WriteBinary(reader, kind, json);
            case BsonType.DateTime when kind is FieldKind.Day or FieldKind.Time:
                return WriteDate(ref reader, field, kind, scope, json);
            case BsonType.String when IsOfKind(BsonElements.Text(reader.Value), kind):
                return Why(reader.Name, "holds text where MongoDB has a type");
            default:
                return WriteValue(reader, field, ref scope, json);
        }
    }

    private static string? WriteWithAdded(
        ref BsonElements reader, FieldNode.Field field, FieldKind kind, in JsonToBson.Scope scope, Utf8JsonWriter json)
    {
        if (!TryWriteLeaf(reader, json)) return Why(reader.Name, "holds what JSON cannot");
        decimal number;
        if (reader.Type == BsonType.Int64) number = BinaryPrimitives.ReadInt64LittleEndian(reader.Value);
        else if (kind == FieldKind.TimeUs || !NativeValue.TryWhole(DecimalOf(reader.Value), out number)) return null;
        if (kind == FieldKind.TimeUs)
        {
            var ms = NativeValue.MsOf((long)number);
            return reader.Read() && reader.Type == BsonType.DateTime && reader.Name.SequenceEqual(field.Added!.Name)
                && BinaryPrimitives.ReadInt64LittleEndian(reader.Value) == ms ? null : Contradicts(field);
        }

        var exponent = scope.IsOwn ? scope.Exponent : ExponentAhead(reader, scope.Exponent);
        if (exponent == NativeValue.NoExponent) return null;
        return reader.Read() && reader.Type == BsonType.Decimal128 && reader.Name.SequenceEqual(field.Added!.Name)
            && DecimalOf(reader.Value).Equals(NativeValue.Major(number, exponent)) ? null : Contradicts(field);
    }

    private static int ExponentAhead(BsonElements ahead, int around)
    {
        while (ahead.Read())
        {
            if (ahead.Type == BsonType.String && ahead.Name.SequenceEqual("currency"u8))
                return NativeValue.ExponentOf(BsonElements.Text(ahead.Value));
        }

        return around;
    }

    private static string? WriteBinary(in BsonElements element, FieldKind kind, Utf8JsonWriter json)
    {
        var bytes = BsonElements.Binary(element.Value);
        var type = (BsonBinarySubType)element.Value[4];
        if (kind == FieldKind.Id && type == BsonBinarySubType.UuidStandard && bytes.Length == 16)
            json.WriteStringValue(new Guid(bytes, bigEndian: true));
        else if (kind == FieldKind.Bytes && type == BsonBinarySubType.Binary) json.WriteBase64StringValue(bytes);
        else return Why(element.Name, "holds what JSON cannot");
        return null;
    }

    private static string? WriteDate(
        ref BsonElements reader, FieldNode.Field field, FieldKind kind, in JsonToBson.Scope scope, Utf8JsonWriter json)
    {
        var ms = BinaryPrimitives.ReadInt64LittleEndian(reader.Value);
        if (kind == FieldKind.Day)
        {
            if (!NativeValue.TryDay(ms, out var day)) return Why(reader.Name, "holds a time where a day should be");
            Span<byte> text = stackalloc byte[10];
            day.TryFormat(text, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            json.WriteStringValue(text);
            return null;
        }

        var us = scope.ExactUs;
        if (field.Added is { } added)
            us = reader.Read() && reader.Type == BsonType.Int64 && reader.Name.SequenceEqual(added.Name)
                ? BinaryPrimitives.ReadInt64LittleEndian(reader.Value) : null;
        if (us is not { } exact || NativeValue.MsOf(exact) != ms || !NativeValue.IsTime(exact))
            return Contradicts(field);
        json.WriteStringValue(Kernel.Clock.FromUs(exact));
        return null;
    }

    // What the program would have stored as a type; an index does not find it.
    private static bool IsOfKind(ReadOnlySpan<byte> text, FieldKind kind) => kind switch
    {
        FieldKind.Id => NativeValue.TryId(text, out _),
        FieldKind.Day => NativeValue.TryDay(text, out long _),
        _ => false,
    };

    private static string? Number(ReadOnlySpan<byte> value)
    {
        var number = DecimalOf(value);
        return Decimal128.IsNaN(number) || Decimal128.IsInfinity(number) ? null : number.ToString();
    }

    private static Decimal128 DecimalOf(ReadOnlySpan<byte> value) => Decimal128.FromIEEEBits(
        BinaryPrimitives.ReadUInt64LittleEndian(value[8..]), BinaryPrimitives.ReadUInt64LittleEndian(value));

    private static string Contradicts(FieldNode.Field field) => field.Added is { } added
        ? Why(field.Name, $"and what stands beside it as '{Encoding.UTF8.GetString(added.Name)}' do not agree")
        : Why(field.Name, "does not agree with its microseconds");

    private static string Why(ReadOnlySpan<byte> name, string what) =>
        $"its field '{Encoding.UTF8.GetString(name)}' {what}";
}
