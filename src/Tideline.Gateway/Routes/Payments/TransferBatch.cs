using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>
/// One batch.
/// <code>
///   body ──1 lines──► under way (BatchInFlight) ──2 answers──► unread (BatchUnreadBytes) ──3──► client
///                                4 watch: something moves, or the batch ends
/// </code>
/// A client may send all of its lines before it reads an answer: answers wait in memory, and reading lines continues
/// until that is full. Every line that was read is executed, even if the client has disconnected: its key returns the
/// outcome later.
/// </summary>
internal sealed partial class TransferBatch(
    Transfers transfers, TransferCounts counts, TimeProvider time, ILogger logger, BodyShape shape, HttpContext http)
    : IDisposable
{
    private const string NotRead = "this line and those after it were not read: send them as another batch.";
    private const int FlushBytes = 16 * 1024;
    private const int SendBytes = 64 * 1024;

    private readonly Channel<BatchLine> _underWay = Channel.CreateBounded<BatchLine>(
        new BoundedChannelOptions(GatewayLimits.BatchInFlight) { SingleReader = true, SingleWriter = true });

    private readonly Pipe _unread = new(new PipeOptions(
        pauseWriterThreshold: GatewayLimits.BatchUnreadBytes,
        resumeWriterThreshold: GatewayLimits.BatchUnreadBytes - SendBytes,
        useSynchronizationContext: false));

    private readonly CancellationTokenSource _reading =
        CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
    private readonly CancellationTokenSource _ended = new();
    private bool _isStill;
    private long _moves;

    /// <summary>Runs the batch to its end.</summary>
    /// <exception cref="OperationCanceledException">The client has disconnected.</exception>
    public async Task RunAsync()
    {
        LiftLimits();
        http.Response.ContentType = MediaTypes.Lines;
        var working = Task.WhenAll(ReadLinesAsync(), AnswerLinesAsync());
        var watching = WatchAsync();
        try
        {
            await SendAsync();
        }
        finally
        {
            // Transfers in progress end first, and release the memory that they use.
            await _reading.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _ended.CancelAsync();
            await watching;
        }

        await working;
    }

    public void Dispose()
    {
        _reading.Dispose();
        _ended.Dispose();
    }

    // A batch may be as slow as its sender and its reader, while there is progress.
    private void LiftLimits()
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } incoming) incoming.MinDataRate = null;
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } outgoing) outgoing.MinDataRate = null;
    }

    // :: Step 1, lines become transfers in progress
    private async Task ReadLinesAsync()
    {
        var last = 0L;
        try
        {
            var pipe = http.Request.BodyReader;
            var skipping = false;
            while (true)
            {
                var read = await pipe.ReadAsync(_reading.Token);
                Interlocked.Increment(ref _moves);
                var rest = read.Buffer;
                while (TryTakeLine(ref rest, read.IsCompleted, out var line))
                {
                    last++;
                    var isTooMany = last > GatewayLimits.BatchLines;
                    if (!skipping && !IsBlank(line))
                        await _underWay.Writer.WriteAsync(isTooMany ? Refused(last, TooMany) : Start(last, line));
                    skipping = false;
                    if (isTooMany) return;
                }

                if (rest.Length > GatewayLimits.BatchLineBytes)
                {
                    if (!skipping) await _underWay.Writer.WriteAsync(Refused(last + 1, TooLong));
                    skipping = true;
                    rest = rest.Slice(rest.End);
                }

                pipe.AdvanceTo(rest.Start, read.Buffer.End);
                if (read.IsCompleted) return;
            }
        }
        catch (OperationCanceledException) when (_isStill)
        {
            await _underWay.Writer.WriteAsync(Refused(last + 1, TooSlow));
        }
        catch (Exception fault) when (Problem.OfBody(fault) is not null)
        {
            await _underWay.Writer.WriteAsync(Refused(last + 1, Problem.OfBody(fault)!));
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            // The client has disconnected: no more lines.
        }
        finally
        {
            _underWay.Writer.TryComplete();
        }
    }

    private static Problem TooLong { get; } =
        new(ProblemTypes.BodyTooLarge, $"A line may have at most {GatewayLimits.BatchLineBytes} bytes.");

    private static Problem TooMany { get; } = new(
        ProblemTypes.BodyTooLarge, $"A batch may have at most {GatewayLimits.BatchLines} lines; {NotRead}");

    private static Problem TooSlow { get; } = new(
        ProblemTypes.RequestTimeout, $"Nothing moved for {GatewayLimits.BatchStillMs} ms; {NotRead}");

    private static BatchLine Refused(long number, Problem problem) => new(number, null, 0, default, problem);

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

    private BatchLine Start(long number, in ReadOnlySequence<byte> line)
    {
        if (line.Length > GatewayLimits.BatchLineBytes) return Refused(number, TooLong);
        var fields = JsonBody.Parse(line, shape);
        var request = TransferFields.Read(fields, fields.KeyIn(TransferFields.KeyName));
        if (fields.Problem is { } problem) return Refused(number, problem);
        return new BatchLine(number, transfers.TransferAsync(request, CancellationToken.None),
            time.GetTimestamp(), request.Amount.Currency, null);
    }

    // :: Step 2, answers in the order of the lines
    private async Task AnswerLinesAsync()
    {
        var unread = _unread.Writer;
        try
        {
            while (await _underWay.Reader.WaitToReadAsync())
            {
                while (_underWay.Reader.TryRead(out var line))
                {
                    // Flush finished answers to the client before waiting for more.
                    if (unread.UnflushedBytes > 0
                        && (unread.UnflushedBytes > FlushBytes || line.Reply is { IsCompleted: false }))
                        await unread.FlushAsync();
                    var answer = await FinishAsync(line);
                    unread.Write(JsonAnswer.Render(answer, BatchAnswer.Write));
                    unread.Write("\n"u8);
                }

                await unread.FlushAsync();
            }
        }
        finally
        {
            // If this failed, the reader of lines must not wait for room.
            _underWay.Writer.TryComplete();
            await unread.CompleteAsync();
        }
    }

    private async ValueTask<BatchAnswer> FinishAsync(BatchLine line)
    {
        if (line.Reply is null) return new BatchAnswer(line.Number, null, line.Currency, line.Problem);
        try
        {
            var reply = await time.ForAsync(line.Reply, line.Began);
            counts.Record(reply.Status);
            return new BatchAnswer(line.Number, reply, line.Currency, TransferFields.ProblemOf(reply));
        }
        catch (TidelineException fault)
        {
            counts.RecordFailed();
            return new BatchAnswer(line.Number, null, line.Currency, Problem.Of(fault));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            counts.RecordFailed();
            LogFault(line.Number, fault);
            return new BatchAnswer(line.Number, null, line.Currency,
                Problem.Of(new TidelineException(ErrorCode.Internal, fault.Message, fault)));
        }
    }

    // :: Step 3, answers are sent as fast as the client reads them
    private async Task SendAsync()
    {
        var (unread, body) = (_unread.Reader, http.Response.BodyWriter);
        try
        {
            while (true)
            {
                var read = await unread.ReadAsync();
                var part = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, SendBytes));
                foreach (var memory in part) body.Write(memory.Span);
                var isAll = read.IsCompleted && part.Length == read.Buffer.Length;
                unread.AdvanceTo(part.End);
                await body.FlushAsync(http.RequestAborted);
                Interlocked.Increment(ref _moves);
                http.RequestAborted.ThrowIfCancellationRequested();
                if (isAll) return;
            }
        }
        finally
        {
            // Later answers have no reader and are dropped.
            await unread.CompleteAsync();
        }
    }

    // :: Step 4, a client that neither sends nor reads gets a problem, and is then disconnected
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(GatewayLimits.BatchStillMs), time);
        var seen = -1L;
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                var moves = Interlocked.Read(ref _moves);
                if (moves == seen)
                {
                    if (_isStill) http.Abort();
                    _isStill = true;
                    await _reading.CancelAsync();
                }

                seen = moves;
            }
        }
        catch (OperationCanceledException)
        {
            // The batch has ended.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Line {Line} of a batch failed")]
    private partial void LogFault(long line, Exception fault);
}
