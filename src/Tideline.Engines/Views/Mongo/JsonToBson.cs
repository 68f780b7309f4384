using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using MongoDB.Bson;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Turns JSON into BSON fields that people can query: whole numbers of 64 bits into <c>long</c>, other numbers into
/// <c>decimal</c>. Only what comes back from <see cref="BsonToJson"/> with the same meaning is turned; the rest is for
/// the caller to keep as it is.
/// </summary>
internal static class JsonToBson
{
    // MongoDB takes such names in some places and not in others.
    private static readonly SearchValues<byte> s_unfit = SearchValues.Create(".\0"u8);

    /// <summary>Writes the fields of a JSON object into the open document.</summary>
    /// <returns>False when BSON cannot say the same: half of it may have been written.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> json, BsonPen pen)
    {
        if (!Utf8.IsValid(json)) return false;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            return TryWriteFields(ref reader, pen) && !reader.Read();
        }
        // Not JSON, or a text with half of a surrogate pair.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryWriteFields(ref Utf8JsonReader reader, BsonPen pen)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = pen.Name(BsonType.Null, Unescaped(ref reader, out var rented));
            Return(rented);
            if (!IsFit(pen.Written[(start + 1)..^1], isTop: reader.CurrentDepth == 1)
                || !TryWriteValue(ref reader, pen, start)) return false;
        }

        return true;
    }

    private static bool TryWriteItems(ref Utf8JsonReader reader, BsonPen pen)
    {
        Span<byte> name = stackalloc byte[11];
        for (var at = 0; ; at++)
        {
            Utf8Formatter.TryFormat(at, name, out var length);
            var start = pen.Name(BsonType.Null, name[..length]);
            if (!reader.Read()) return false;
            if (reader.TokenType == JsonTokenType.EndArray)
            {
                pen.Length = start;
                return true;
            }

            if (!TryWriteRead(ref reader, pen, start)) return false;
        }
    }

    private static bool TryWriteValue(ref Utf8JsonReader reader, BsonPen pen, int start) => reader.Read()
        && TryWriteRead(ref reader, pen, start);

    private static bool TryWriteRead(ref Utf8JsonReader reader, BsonPen pen, int start)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                pen.Retype(start, BsonType.String);
                pen.Text(Unescaped(ref reader, out var rented));
                Return(rented);
                return true;
            case JsonTokenType.Number:
                return TryWriteNumber(ref reader, pen, start);
            case JsonTokenType.True or JsonTokenType.False:
                pen.Retype(start, BsonType.Boolean);
                pen.Boolean(reader.TokenType == JsonTokenType.True);
                return true;
            case JsonTokenType.Null:
                return true;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                var isArray = reader.TokenType == JsonTokenType.StartArray;
                pen.Retype(start, isArray ? BsonType.Array : BsonType.Document);
                var inner = pen.Begin();
                if (!(isArray ? TryWriteItems(ref reader, pen) : TryWriteFields(ref reader, pen))) return false;
                pen.End(inner);
                return true;
            default:
                return false;
        }
    }

    private static bool TryWriteNumber(ref Utf8JsonReader reader, BsonPen pen, int start)
    {
        // Minus zero is no whole number of 64 bits.
        if (reader.TryGetInt64(out var whole) && (whole != 0 || reader.ValueSpan[0] != '-'))
        {
            pen.Retype(start, BsonType.Int64);
            pen.Long(whole);
            return true;
        }

        var text = Encoding.ASCII.GetString(reader.ValueSpan);
        if (!Decimal128.TryParse(text, out var number) || number.ToString() != text) return false;
        pen.Retype(start, BsonType.Decimal128);
        pen.Decimal(number);
        return true;
    }

    private static bool IsFit(ReadOnlySpan<byte> name, bool isTop) =>
        name.Length > 0 && name[0] != '$' && !name.ContainsAny(s_unfit)
            && !(isTop && (name.SequenceEqual("_id"u8) || name.SequenceEqual(StoredDocument.Envelope)));

    private static ReadOnlySpan<byte> Unescaped(ref Utf8JsonReader reader, out byte[]? rented)
    {
        rented = null;
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        return rented.AsSpan(0, reader.CopyString(rented));
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
    }
}
