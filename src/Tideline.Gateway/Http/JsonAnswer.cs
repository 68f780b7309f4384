using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Http;

/// <summary>
/// Writes answers with one writer and one buffer per thread: an answer is a few hundred bytes and is rendered
/// synchronously.
/// </summary>
internal static class JsonAnswer
{
    // The relaxed encoder does not escape letters of any language; answers are never embedded in HTML.
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Answers with a JSON object.</summary>
    public static void Write<TState>(HttpContext http, int status, TState state, Action<Utf8JsonWriter, TState> write)
    {
        http.Response.ContentType = "application/json";
        Send(http, status, Render(state, write));
    }

    /// <summary>Answers with a problem document.</summary>
    public static void Write(HttpContext http, Problem problem)
    {
        http.Response.ContentType = "application/problem+json";
        if (problem.Status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "1";
        Send(http, problem.Status, Render(problem, WriteProblem));
    }

    /// <summary>The fields of a problem document.</summary>
    public static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WriteString("type"u8, problem.Type.Uri);
        json.WriteString("title"u8, problem.Type.Title);
        json.WriteNumber("status"u8, problem.Status);
        json.WriteString("detail"u8, problem.Detail);
        if (problem.Field is not null) json.WriteString("field"u8, problem.Field);
        if (problem.TransferId is { } transfer) json.WriteString("transferId"u8, transfer);
    }

    /// <summary>The bytes of a JSON object; valid until the thread renders the next one.</summary>
    public static ReadOnlySpan<byte> Render<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        writer.WriteStartObject();
        write(writer, state);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan;
    }

    private static void Send(HttpContext http, int status, ReadOnlySpan<byte> body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = body.Length;
        http.Response.BodyWriter.Write(body);
    }
}
