using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;

namespace Tideline.Services.Archive;

/// <summary>The CloudEvents 1.0 form of an event, as stored in the archive.</summary>
internal static class ArchivedEvent
{
    [ThreadStatic] private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) t_pen;

    /// <summary>The document id: sorts by position within a shard.</summary>
    public static string IdOf(Position position) =>
        string.Create(CultureInfo.InvariantCulture, $"{position.Shard}:{position.Seq:D19}");

    /// <summary>The JSON; data that is not JSON goes into <c>data_base64</c>.</summary>
    public static byte[] ToJson(ProjectedEvent projected, bool dataIsJson)
    {
        var happened = projected.Event;
        if (t_pen.Buffer is null)
        {
            var bytes = new ArrayBufferWriter<byte>(2_048);
            t_pen = (bytes, new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }));
        }

        var (buffer, json) = t_pen;
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, PublishedSources.IdOf(happened.Position.Seq));
        json.WriteString("source"u8, projected.Source);
        json.WriteString("type"u8, EventTypes.Find(happened.Type)?.Name ?? "UNKNOWN");
        json.WriteString("subject"u8, happened.Subject);
        json.WriteString("time"u8, Clock.FromUs(happened.TimeUs));
        json.WriteString(
            "sequence"u8, happened.Position.Seq.ToString("D19", CultureInfo.InvariantCulture));
        json.WriteNumber("version"u8, happened.Version);
        if (dataIsJson)
        {
            json.WriteString("datacontenttype"u8, "application/json"u8);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(happened.Data.Span, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("data_base64"u8, happened.Data.Span);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
