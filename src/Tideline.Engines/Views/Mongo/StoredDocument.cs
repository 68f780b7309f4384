using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// A document as it stands in MongoDB: <c>{_id, _tl: {rev, w, log}, …its own fields}</c>. <c>rev</c> is its revision,
/// <c>w</c> the call that wrote it, <c>log</c> is there when its changes are followed. Where BSON cannot say what the
/// JSON says, <c>_tl.json</c> has the JSON as it is, and beside it stand the indexed fields alone. Fields with a
/// <see cref="FieldType"/> have MongoDB's own types.
/// </summary>
internal static class StoredDocument
{
    /// <summary>The paths of the envelope's fields.</summary>
    public const string Revision = "_tl.rev", Writer = "_tl.w", Logged = "_tl.log";

    [ThreadStatic] private static BsonPen? t_pen;
    [ThreadStatic] private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) t_json;

    /// <summary>The name of the envelope: no document may have a field of this name.</summary>
    public static ReadOnlySpan<byte> Envelope => "_tl"u8;

    /// <summary>The BSON of what a write puts.</summary>
    /// <exception cref="TidelineException">InvalidInput: it is larger than a document may be.</exception>
    public static RawBsonDocument Encode(DocumentWrite write, Guid writer, bool isLogged, FieldNode types)
    {
        var pen = t_pen ??= new BsonPen();
        pen.Length = 0;
        var json = write.Json!.Value.Span;
        var document = pen.Begin();
        pen.Name(BsonType.String, "_id"u8);
        pen.Text(Encoding.UTF8.GetBytes(write.Id));
        var envelope = BeginEnvelope(pen, write.Revision, writer, isLogged);
        pen.End(envelope);
        var fields = pen.Length;
        if (!JsonToBson.TryWrite(json, types, pen))
        {
            pen.Length = fields - 1;
            pen.Name(BsonType.Binary, "json"u8);
            pen.Binary(BsonBinarySubType.Binary, json);
            pen.End(envelope);
            foreach (var (field, value) in write.IndexValues) WriteIndexed(pen, field, value, types);
        }

        pen.End(document);
        if (pen.Length > MongoLimits.DocumentBytes) throw new TidelineException(ErrorCode.InvalidInput,
            $"The document '{write.Id}' has {pen.Length} bytes; at most {MongoLimits.DocumentBytes} can be stored.");
        return new RawBsonDocument(pen.Written.ToArray());
    }

    /// <summary>The document that MongoDB gave, damaged where somebody else wrote it; gives its buffer back.</summary>
    public static Document Decode(RawBsonDocument raw, FieldNode types)
    {
        using (raw)
        {
            // A document may lie in two chunks of the driver's buffer.
            var bytes = raw.Slice.AccessBackingBytes(0);
            var document = bytes.Count >= raw.Slice.Length ? bytes.AsSpan(0, raw.Slice.Length) : Copy(raw.Slice);
            try
            {
                return Decode(document, types);
            }
            // What MongoDB lets in and JSON cannot say, such as a text that is not UTF-8.
            catch (Exception fault) when (
                fault is ArgumentException or InvalidOperationException or OverflowException or FormatException)
            {
                return Foreign(IdOf(document), fault.Message);
            }
        }
    }

    /// <summary>
    /// The revision and the call that wrote it, of a document read with these fields alone; nothing where somebody else
    /// wrote it.
    /// </summary>
    public static (long Revision, Guid Writer) Mark(BsonDocument document) =>
        document.GetValue("_tl", null) is BsonDocument envelope && envelope.GetValue("rev", null) is BsonInt64 revision
            && envelope.GetValue("w", null) is BsonBinaryData { SubType: BsonBinarySubType.UuidStandard } writer
            ? (revision.Value, new Guid(writer.Bytes, bigEndian: true))
            : default;

    /// <summary>A value of a query or of an indexed field, in the type in which it is stored.</summary>
    /// <exception cref="TidelineException">InvalidInput: neither text nor a whole number.</exception>
    public static BsonValue Value(string field, object? value, FieldNode types) => value switch
    {
        null => BsonNull.Value,
        string text => Value(Encoding.UTF8.GetBytes(text), types.Find(Encoding.UTF8.GetBytes(field))?.Kind)
            ?? new BsonString(text),
        long number => new BsonInt64(number),
        int number => new BsonInt64(number),
        _ => throw new TidelineException(
            ErrorCode.InvalidInput, $"An indexed value is text or a whole number, not {value.GetType().Name}."),
    };

    private static BsonValue? Value(byte[] text, FieldKind? kind) => kind switch
    {
        FieldKind.Id when NativeValue.TryId(text, out var id) =>
            new BsonBinaryData(id, GuidRepresentation.Standard),
        FieldKind.Day when NativeValue.TryDay(text, out long ms) => new BsonDateTime(ms),
        _ => null,
    };

    private static int BeginEnvelope(BsonPen pen, long revision, Guid writer, bool isLogged)
    {
        Span<byte> id = stackalloc byte[16];
        writer.TryWriteBytes(id, bigEndian: true, out _);
        pen.Name(BsonType.Document, Envelope);
        var envelope = pen.Begin();
        pen.Name(BsonType.Int64, "rev"u8);
        pen.Long(revision);
        pen.Name(BsonType.Binary, "w"u8);
        pen.Binary(BsonBinarySubType.UuidStandard, id);
        if (!isLogged) return envelope;
        pen.Name(BsonType.Boolean, "log"u8);
        pen.Boolean(true);
        return envelope;
    }

    private static void WriteIndexed(BsonPen pen, string field, object? value, FieldNode types)
    {
        var stored = Value(field, value, types);
        if (stored.IsBsonNull) return;
        pen.Name(stored.BsonType, Encoding.UTF8.GetBytes(field));
        switch (stored)
        {
            case BsonString text:
                pen.Text(Encoding.UTF8.GetBytes(text.Value));
                break;
            case BsonBinaryData id:
                pen.Binary(id.SubType, id.Bytes);
                break;
            case BsonDateTime day:
                pen.Long(day.MillisecondsSinceEpoch);
                break;
            default:
                pen.Long(stored.AsInt64);
                break;
        }
    }

    private static byte[] Copy(IByteBuffer slice)
    {
        var bytes = new byte[slice.Length];
        slice.GetBytes(0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static Document Decode(ReadOnlySpan<byte> document, FieldNode types)
    {
        var (id, revision, asIs) = Head(document);
        if (asIs is not null && id is not null && revision is { } whole && CollectionRules.IsRevision(whole))
            return new Document(id, whole, asIs);
        if (t_json.Buffer is null)
        {
            var bytes = new ArrayBufferWriter<byte>(4_096);
            t_json = (bytes, new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }));
        }

        var (buffer, json) = t_json;
        buffer.ResetWrittenCount();
        json.Reset();
        if (BsonToJson.WriteDocument(document, types, json) is { } fault) return Foreign(id, fault);
        json.Flush();
        if (id is null || revision is not { } known || !CollectionRules.IsRevision(known))
            return Foreign(id, "it has no revision");
        return new Document(id, known, buffer.WrittenSpan.ToArray());
    }

    private static (string? Id, long? Revision, byte[]? Json) Head(ReadOnlySpan<byte> document)
    {
        var (id, revision, asIs) = ((string?)null, (long?)null, (byte[]?)null);
        var reader = new BsonElements(document);
        while (reader.Read())
        {
            if (reader.Type == BsonType.String && reader.Name.SequenceEqual("_id"u8))
                id = Encoding.UTF8.GetString(BsonElements.Text(reader.Value));
            else if (reader.Type == BsonType.Document && reader.Name.SequenceEqual(Envelope))
                (revision, asIs) = DecodeEnvelope(reader.Value);
        }

        return (id, revision, asIs);
    }

    private static (long? Revision, byte[]? Json) DecodeEnvelope(ReadOnlySpan<byte> envelope)
    {
        var (revision, json) = ((long?)null, (byte[]?)null);
        var reader = new BsonElements(envelope);
        while (reader.Read())
        {
            if (reader.Type == BsonType.Int64 && reader.Name.SequenceEqual("rev"u8))
                revision = BinaryPrimitives.ReadInt64LittleEndian(reader.Value);
            else if (reader.Type == BsonType.Binary && reader.Name.SequenceEqual("json"u8))
                json = BsonElements.Binary(reader.Value).ToArray();
        }

        return (revision, json);
    }

    private static Document Foreign(string? id, string why) =>
        new(id ?? "", 0, default, $"another program wrote it: {why}");

    private static string? IdOf(ReadOnlySpan<byte> document)
    {
        var reader = new BsonElements(document);
        while (reader.Read())
        {
            if (reader.Type == BsonType.String && reader.Name.SequenceEqual("_id"u8))
                return Encoding.UTF8.GetString(BsonElements.Text(reader.Value));
        }

        return null;
    }
}
