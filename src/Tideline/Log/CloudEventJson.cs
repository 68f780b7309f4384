using System.Buffers;
using System.Text.Json;
using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>
/// A record in the JSON format of CloudEvents 1.0, with <c>shard</c>, <c>sequence</c>, <c>version</c> and
/// <c>partitionkey</c> as extension attributes.
/// </summary>
internal static class CloudEventJson
{
    /// <summary>Writes a record.</summary>
    public static byte[] Write(LogRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(record.Data.Length + 512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true })) Write(
            json, record);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a record into a larger document.</summary>
    public static void Write(Utf8JsonWriter json, LogRecord record)
    {
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, $"{record.Source}-{record.SourceSeq}");
        json.WriteString("source"u8, $"/tideline/{record.Topic}/{record.Source}");
        json.WriteString("type"u8, record.Type);
        json.WriteString("subject"u8, record.Subject);
        json.WriteString("time"u8, Clock.FromUs(record.TimeUs));
        json.WriteString("datacontenttype"u8, "application/json"u8);
        json.WriteNumber("shard"u8, record.Partition);
        json.WriteString("sequence"u8, Digits(record.SourceSeq));
        if (record.PreviousSeq is { } before) json.WriteString("previoussequence"u8, Digits(before));
        json.WriteNumber("version"u8, record.Version);
        json.WriteString("partitionkey"u8, record.Key);
        json.WritePropertyName("data"u8);
        json.WriteRawValue(record.Data.Span, skipInputValidation: true);
        json.WriteEndObject();
    }

    private static string Digits(long number) =>
        number.ToString("D19", System.Globalization.CultureInfo.InvariantCulture);
}
