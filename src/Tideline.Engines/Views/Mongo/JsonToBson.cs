using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using MongoDB.Bson;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Turns JSON into BSON fields that people can query: whole numbers of 64 bits into <c>long</c>, other numbers into
/// <c>decimal</c>, and fields with a <see cref="FieldType"/> into dates, ids and bytes. Beside amounts and times in
/// microseconds stands what people read: a decimal of major units, a date. Only what comes back from
/// <see cref="BsonToJson"/> with the same meaning is turned; the rest is for the caller to keep as it is.
/// </summary>
internal static class JsonToBson
{
    // MongoDB takes such names in some places and not in others.
    private static readonly SearchValues<byte> s_unfit = SearchValues.Create(".\0"u8);
    private static readonly SearchValues<byte> s_whole = SearchValues.Create("-0123456789"u8);

    /// <summary>Writes the fields of a JSON object into the open document.</summary>
    /// <returns>False when BSON cannot say the same: half of it may have been written.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> json, FieldNode types, BsonPen pen)
    {
        if (!Utf8.IsValid(json)) return false;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            return TryWriteFields(ref reader, pen, types, NativeValue.NoExponent) && !reader.Read();
        }
        // Not JSON, or a text with half of a surrogate pair.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryWriteFields(ref Utf8JsonReader reader, BsonPen pen, FieldNode types, int around)
    {
        var scope = new Scope(types, around);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = pen.Name(BsonType.Null, Unescaped(ref reader, out var rented));
            Return(rented);
            var name = pen.Written[(start + 1)..^1];
            if (!IsFit(name, isTop: reader.CurrentDepth == 1)) return false;
            var field = types.Find(name);
            if (field is { IsAdded: true }) return false;
            scope.IsCurrency = name.SequenceEqual("currency"u8);
            if (!reader.Read() || !TryWriteRead(ref reader, pen, start, field, ref scope)) return false;
        }

        return true;
    }

    private static bool TryWriteItems(
        ref Utf8JsonReader reader, BsonPen pen, FieldNode.Field? field, ref Scope scope)
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

            if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            {
                if (!TryWriteLeaf(ref reader, pen, start)) return false;
            }
            else if (!TryWriteRead(ref reader, pen, start, field, ref scope)) return false;
        }
    }

    private static bool TryWriteRead(
        ref Utf8JsonReader reader, BsonPen pen, int start, FieldNode.Field? field, ref Scope scope)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            if (scope.IsCurrency && reader.TokenType == JsonTokenType.String)
                (scope.Exponent, scope.IsOwn) = (NativeValue.ExponentOf(reader.ValueSpan), true);
            if (field?.Kind is { } kind && NativeFields.TryWrite(ref reader, pen, start, field, kind, ref scope))
                return true;
            if (field is { IsExactUs: true } && reader.TokenType == JsonTokenType.Number
                && TryLong(ref reader, out var us)) scope.ExactUs = us;
            return TryWriteLeaf(ref reader, pen, start);
        }

        var isArray = reader.TokenType == JsonTokenType.StartArray;
        pen.Retype(start, isArray ? BsonType.Array : BsonType.Document);
        var inner = pen.Begin();
        if (!(isArray ? TryWriteItems(ref reader, pen, field, ref scope)
            : TryWriteFields(ref reader, pen, scope.Types.Inner(field), scope.Exponent))) return false;
        pen.End(inner);
        return true;
    }

    private static bool TryWriteLeaf(ref Utf8JsonReader reader, BsonPen pen, int start)
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
            default:
                return reader.TokenType == JsonTokenType.Null;
        }
    }

    private static bool TryWriteNumber(ref Utf8JsonReader reader, BsonPen pen, int start)
    {
        if (TryLong(ref reader, out var whole))
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

    // Minus zero is no whole number of 64 bits.
    private static bool TryLong(ref Utf8JsonReader reader, out long whole) =>
        reader.TryGetInt64(out whole) && (whole != 0 || reader.ValueSpan[0] != '-');

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

    /// <summary>What was read of the object around a field.</summary>
    internal struct Scope(FieldNode types, int around)
    {
        public readonly FieldNode Types => types;

        /// <summary>Whether the field that is read names the currency.</summary>
        public bool IsCurrency { get; set; }

        /// <summary>The decimals of the currency that is named so far, here or around.</summary>
        public int Exponent { get; set; } = around;

        /// <summary>Whether the object itself names it.</summary>
        public bool IsOwn { get; set; }

        /// <summary>Microseconds that a time of the object is to match.</summary>
        public long? ExactUs { get; set; }
    }

    private static class NativeFields
    {
        /// <summary>Writes a value as its own type, and what stands beside it.</summary>
        /// <returns>False, with nothing written, when it must stay what the JSON says.</returns>
        public static bool TryWrite(
            ref Utf8JsonReader reader, BsonPen pen, int start, FieldNode.Field field, FieldKind kind, ref Scope scope)
        {
            switch (kind)
            {
                case FieldKind.TimeUs:
                    if (reader.TokenType != JsonTokenType.Number || !TryLong(ref reader, out var us)) return false;
                    pen.Retype(start, BsonType.Int64);
                    pen.Long(us);
                    Add(pen, field, BsonType.DateTime);
                    pen.Long(NativeValue.MsOf(us));
                    return true;
                case FieldKind.AmountMinor:
                    return reader.TokenType == JsonTokenType.Number
                        && TryWriteAmount(ref reader, pen, start, field, scope);
                default:
                    return reader is { TokenType: JsonTokenType.String, ValueIsEscaped: false }
                        && TryWriteText(reader.ValueSpan, pen, start, field, kind, scope.ExactUs);
            }
        }

        private static bool TryWriteText(
            ReadOnlySpan<byte> text, BsonPen pen, int start, FieldNode.Field field, FieldKind kind, long? exactUs)
        {
            switch (kind)
            {
                case FieldKind.Id when NativeValue.TryId(text, out var id):
                    Span<byte> bytes = stackalloc byte[16];
                    id.TryWriteBytes(bytes, bigEndian: true, out _);
                    pen.Retype(start, BsonType.Binary);
                    pen.Binary(BsonBinarySubType.UuidStandard, bytes);
                    return true;
                case FieldKind.Bytes when NativeValue.TryBytes(text, out var decoded):
                    pen.Retype(start, BsonType.Binary);
                    pen.Binary(BsonBinarySubType.Binary, decoded);
                    return true;
                case FieldKind.Day when NativeValue.TryDay(text, out var day):
                    pen.Retype(start, BsonType.DateTime);
                    pen.Long(day);
                    return true;
                case FieldKind.Time when field.ExactUs is not null:
                    if (exactUs is not { } exact || !NativeValue.IsTimeText(exact, text)) return false;
                    pen.Retype(start, BsonType.DateTime);
                    pen.Long(NativeValue.MsOf(exact));
                    return true;
                case FieldKind.Time when NativeValue.TryTime(text, out var time):
                    pen.Retype(start, BsonType.DateTime);
                    pen.Long(NativeValue.MsOf(time));
                    Add(pen, field, BsonType.Int64);
                    pen.Long(time);
                    return true;
                default:
                    return false;
            }
        }

        private static bool TryWriteAmount(
            ref Utf8JsonReader reader, BsonPen pen, int start, FieldNode.Field field, in Scope scope)
        {
            decimal minor;
            if (TryLong(ref reader, out var whole)) minor = whole;
            else if (reader.ValueSpan.ContainsAnyExcept(s_whole) || !reader.TryGetDecimal(out minor) || minor == 0)
                return false;
            var exponent = scope.IsOwn ? scope.Exponent : ExponentAhead(reader, scope.Exponent);
            if (exponent == NativeValue.NoExponent) return false;
            if (!TryWriteNumber(ref reader, pen, start)) return false;
            Add(pen, field, BsonType.Decimal128);
            pen.Decimal(NativeValue.Major(minor, exponent));
            return true;
        }

        // The object may name its currency after the amount: the reader is a copy, and looks there.
        private static int ExponentAhead(Utf8JsonReader ahead, int around)
        {
            while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
            {
                var isCurrency = ahead.ValueTextEquals("currency"u8);
                if (!ahead.Read()) break;
                if (isCurrency && ahead.TokenType == JsonTokenType.String)
                    return NativeValue.ExponentOf(ahead.ValueSpan);
                ahead.Skip();
            }

            return around;
        }

        private static void Add(BsonPen pen, FieldNode.Field field, BsonType type) =>
            pen.Name(type, field.Added!.Name);
    }
}
