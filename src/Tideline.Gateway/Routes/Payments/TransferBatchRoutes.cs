using Microsoft.Extensions.Logging;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>Transfers, many per request: NDJSON lines in, NDJSON lines out, in order, both ways at once.</summary>
internal sealed class TransferBatchRoutes(
    Transfers transfers, TransferCounts counts, TimeProvider time, ILogger logger)
{
    private static readonly BodyShape Line = new(
        [.. TransferFields.All, new(TransferFields.KeyName,
            "a text of your choice that is new for every new transfer.", "invoice-4711", Required: true)]);

    private int _running;

    public void Map(RouteTable routes) => routes.Post("/v1/payments/transfers:batch", new RouteNotes(
        "Makes many transfers: one JSON object per line in, one answer per line out, in order. A bad line is "
            + "answered with "
            + "its problem and does not end the stream.",
        """{"line":1,"status":201,"transferId":"0197a1b2-0000-7000-8000-0000000000f2","balance":"87.66","currency":"EUR"}""")
    {
        Body = Line, BodyType = MediaTypes.Lines, AnswerType = MediaTypes.Lines,
    }, RunAsync);

    private async Task<Problem?> RunAsync(HttpContext http)
    {
        try
        {
            // Each may hold answers in memory that its client has not read.
            if (Interlocked.Increment(ref _running) > GatewayLimits.Batches)
                return new Problem(ProblemTypes.Of(ErrorCode.Overloaded),
                    $"{GatewayLimits.Batches} batches are already running; send this one again in a moment.");
            using var batch = new TransferBatch(transfers, counts, time, logger, Line, http);
            await batch.RunAsync();
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
