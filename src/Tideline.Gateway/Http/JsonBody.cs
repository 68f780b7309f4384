using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Http;

/// <summary>
/// Parses the flat JSON object of a request strictly: unknown, duplicate and missing fields are refused by name.
/// </summary>
internal static class JsonBody
{
    /// <summary>Reads the whole body. An error is in the result's <see cref="FieldReader.Problem"/>.</summary>
    public static async ValueTask<FieldReader> ReadAsync(HttpContext http, BodyShape shape)
    {
        if (http.Request.ContentLength > GatewayLimits.BodyBytes) return FieldReader.Failed(shape, TooLarge);
        var pipe = http.Request.BodyReader;
        while (true)
        {
            var read = await pipe.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > GatewayLimits.BodyBytes)
            {
                pipe.AdvanceTo(read.Buffer.End);
                return FieldReader.Failed(shape, TooLarge);
            }

            if (read.IsCompleted) return Finish(pipe, read.Buffer, shape);
            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads a body that may be omitted if it has no required field.</summary>
    public static ValueTask<FieldReader> ReadOptionalAsync(HttpContext http, BodyShape shape) =>
        RouteContract.HasBody(http.Request)
        ? ReadAsync(http, shape)
        : ValueTask.FromResult(new FieldReader(shape, new string?[shape.Fields.Length]));

    /// <summary>Parses one object in memory.</summary>
    public static FieldReader Parse(in ReadOnlySequence<byte> json, BodyShape shape)
    {
        var values = new string?[shape.Fields.Length];
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = GatewayLimits.JsonDepth });
            return new FieldReader(shape, values) { Problem = ReadObject(ref reader, shape, values) };
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return FieldReader.Failed(
                shape, Malformed(fault is JsonException { BytePositionInLine: { } at } ? $" (near byte {at})" : ""));
        }
    }

    private static Problem TooLarge { get; } = new(ProblemTypes.BodyTooLarge, $"A body may have at most "
        + $"{GatewayLimits.BodyBytes} bytes; send less, or many transfers as an NDJSON batch.");

    private static Problem Malformed(string where = "") =>
        new(ProblemTypes.MalformedJson, $"The body must be one JSON object in UTF-8{where}.");

    private static FieldReader Finish(PipeReader pipe, in ReadOnlySequence<byte> buffer, BodyShape shape)
    {
        var fields = Parse(buffer, shape);
        pipe.AdvanceTo(buffer.End);
        return fields;
    }

    private static Problem? ReadObject(ref Utf8JsonReader reader, BodyShape shape, string?[] values)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return Malformed();
        var seen = 0UL;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = Find(ref reader, shape);
            if (index < 0)
                return new Problem(ProblemTypes.UnknownField, $"'{Shorten(reader.GetString()!)}' is not known here; "
                    + $"the fields are {string.Join(", ", shape.Fields.Select(field => field.Name))}.",
                    Shorten(reader.GetString()!));
            var field = shape.Fields[index];
            if ((seen & (1UL << index)) != 0) return new Problem(
                ProblemTypes.DuplicateField, $"The field '{field.Name}' occurs twice; send it once.", field.Name);
            seen |= 1UL << index;
            reader.Read();
            if (ReadValue(ref reader, field, out values[index]) is { } problem) return problem;
        }

        if (reader.TokenType != JsonTokenType.EndObject || reader.Read()) return Malformed();
        foreach (var field in shape.Fields)
            if (field.Required && values[shape.IndexOf(field.Name)] is null) return new Problem(
                ProblemTypes.MissingField, $"The field '{field.Name}' is missing: {field.Description}", field.Name);
        return null;
    }

    private static int Find(ref Utf8JsonReader reader, BodyShape shape)
    {
        var fields = shape.Fields;
        for (var index = 0; index < fields.Length; index++)
            if (reader.ValueTextEquals(fields[index].Utf8Name)) return index;
        return -1;
    }

    private static Problem? ReadValue(ref Utf8JsonReader reader, BodyField field, out string? value)
    {
        value = null;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String when !field.IsFlag:
                value = reader.GetString();
                return null;
            case JsonTokenType.True or JsonTokenType.False when field.IsFlag:
                value = reader.TokenType == JsonTokenType.True ? "true" : "false";
                return null;
            default:
                var wanted = field.IsFlag ? "true or false" : $"a text such as \"{field.Example}\"";
                return new Problem(
                    ProblemTypes.InvalidField, $"The field '{field.Name}' must be {wanted}.", field.Name);
        }
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
