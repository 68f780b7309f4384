using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Routes;

/// <summary>
/// Transfers, many a request: NDJSON lines in, NDJSON lines out, in order, both ways at once.
/// <code>
///   body ──1 lines──► transfers under way (at most BatchInFlight, in order) ──2 await──► answer
/// </code>
/// A full queue stops the reading, a slow reader of answers stops the writing: what is in memory stays bounded.
/// </summary>
internal sealed class TransferBatchRoutes(GatewayParts parts, GatewayMetrics metrics)
{
    private const int FlushBytes = 16 * 1024;

    private static readonly BodyShape Line = new(
        [.. TransferFields.All, new(TransferFields.KeyName, "a text of your choice that is new for every new transfer.", "invoice-4711", Required: true)]);

    public void Map(RouteTable routes) => routes.Post("/v1/payments/transfers:batch", new RouteNotes(
        "Makes many transfers: one JSON object a line in, one answer a line out, in order. A bad line is answered with its problem and does not end the stream.",
        """{"line":1,"status":201,"transferId":"0197a1b2-0000-7000-8000-0000000000f2","balance":"87.66","currency":"EUR"}""")
    {
        Body = Line, BodyType = "application/x-ndjson", AnswerType = "application/x-ndjson",
    }, RunAsync);

    private async Task<Problem?> RunAsync(HttpContext http)
    {
        if (http.Request.ContentType?.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase) != true)
            return new Problem(ProblemTypes.UnsupportedMediaType, "Send one JSON object a line, with the header Content-Type: application/x-ndjson.");
        LiftLimits(http);
        http.Response.ContentType = "application/x-ndjson";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var underWay = Channel.CreateBounded<BatchLine>(new BoundedChannelOptions(Limits.BatchInFlight) { SingleReader = true, SingleWriter = true });
        var reading = ReadLinesAsync(http.Request.BodyReader, underWay.Writer, stop.Token);
        try
        {
            await WriteAnswersAsync(http.Response.BodyWriter, underWay.Reader, stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await reading;
        return null;
    }

    // A batch is as long and as slow as its sender likes; a line and what is in flight have limits of their own.
    private static void LiftLimits(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }

    // :: Step 1, lines become transfers under way
    private async Task ReadLinesAsync(PipeReader pipe, ChannelWriter<BatchLine> underWay, CancellationToken cancel)
    {
        var (number, skipping) = (0L, false);
        try
        {
            while (true)
            {
                var read = await pipe.ReadAsync(cancel);
                var rest = read.Buffer;
                while (TryTakeLine(ref rest, read.IsCompleted, out var line))
                {
                    number++;
                    if (!skipping && !IsBlank(line)) await underWay.WriteAsync(Start(number, line, cancel), cancel);
                    skipping = false;
                }

                if (rest.Length > Limits.BatchLineBytes)
                {
                    if (!skipping) await underWay.WriteAsync(new BatchLine(number + 1, null, default, TooLong), cancel);
                    skipping = true;
                    rest = rest.Slice(rest.End);
                }

                pipe.AdvanceTo(rest.Start, read.Buffer.End);
                if (read.IsCompleted) break;
            }
        }
        finally
        {
            underWay.TryComplete();
        }
    }

    private static Problem TooLong { get; } = new(ProblemTypes.BodyTooLarge, $"A line may have {Limits.BatchLineBytes} bytes.");

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        if (!isLast || buffer.IsEmpty) return false;
        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
            if (part.Span.ContainsAnyExcept(" \t\r"u8)) return false;
        return true;
    }

    private BatchLine Start(long number, in ReadOnlySequence<byte> line, CancellationToken cancel)
    {
        if (line.Length > Limits.BatchLineBytes) return new BatchLine(number, null, default, TooLong);
        var fields = JsonBody.Parse(line, Line);
        var key = fields.Key(fields.Text(TransferFields.KeyName, Limits.IdempotencyKeyCharacters));
        var request = TransferFields.Read(fields, key);
        return fields.Problem is { } problem
            ? new BatchLine(number, null, default, problem)
            : new BatchLine(number, parts.Payments.TransferAsync(request, cancel), request.Amount.Currency, null);
    }

    // :: Step 2, answers in the order of the lines
    private async Task WriteAnswersAsync(PipeWriter pipe, ChannelReader<BatchLine> underWay, CancellationToken cancel)
    {
        while (await underWay.WaitToReadAsync(cancel))
        {
            while (underWay.TryRead(out var line))
            {
                // Whoever reads the answers gets what is ready before this waits for more.
                if (pipe.UnflushedBytes > 0 && (pipe.UnflushedBytes > FlushBytes || line.Reply is { IsCompleted: false })) await pipe.FlushAsync(cancel);
                var answer = await FinishAsync(line);
                pipe.Write(JsonAnswer.Render(answer, BatchAnswer.Write));
                pipe.Write("\n"u8);
            }

            await pipe.FlushAsync(cancel);
        }
    }

    private async ValueTask<BatchAnswer> FinishAsync(BatchLine line)
    {
        if (line.Reply is null) return new BatchAnswer(line.Number, null, line.Currency, line.Problem);
        try
        {
            var reply = await line.Reply;
            metrics.Record(reply.Status);
            return new BatchAnswer(line.Number, reply, line.Currency, TransferFields.ProblemOf(reply));
        }
        catch (TidelineException fault)
        {
            metrics.RecordFailed();
            return new BatchAnswer(line.Number, null, line.Currency, Problem.Of(fault));
        }
    }
}
