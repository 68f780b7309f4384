using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Sagas;

/// <summary>
/// Carries messages of <c>saga.commands</c> to the shards of this process: requests become <see cref="DoStep"/>, replies become <see cref="MoveSaga"/>. A whole
/// batch is submitted at once and joins the shard's group commit; the consumer commits its offset when all are durable.
/// </summary>
public sealed partial class SagaRunner(GeneralLedger ledger, SagaDefinitions definitions, ILogger<SagaRunner> logger)
{
    /// <summary>The consumer group.</summary>
    public const string Group = "sagas";

    /// <summary>Handles a batch of one partition, that is: of the shard of that number.</summary>
    public async ValueTask HandleAsync(int shard, IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        var work = new List<Task>(records.Count);
        foreach (var record in records) work.Add(record.Type == SagaEngine.RequestType ? RequestAsync(shard, record) : ReplyAsync(shard, record, cancel));
        await Task.WhenAll(work);
    }

    private async Task RequestAsync(int shard, LogRecord record)
    {
        var request = SagaJson.Read(record.Data.Span, SagaJson.Default.SagaRequest);
        CrashPoint.Pass("saga.credit.before");
        await ledger.SubmitAsync(shard, new DoStep(request));
        CrashPoint.Pass("saga.credit.after");
    }

    private async Task ReplyAsync(int shard, LogRecord record, CancellationToken cancel)
    {
        var reply = SagaJson.Read(record.Data.Span, SagaJson.Default.SagaReply);
        if (await ledger.Reader(shard).GetSagaAsync(reply.SagaId, cancel) is not { } known)
        {
            UnknownSaga(logger, shard, reply.SagaId);
            return;
        }

        var undoes = reply.RefusalReason != 0;
        CrashPoint.Pass(undoes ? "saga.compensate.before" : "saga.reply.before");
        await ledger.SubmitAsync(shard, new MoveSaga(reply.SagaId, shard, SagaMove.Reply, definitions, reply, known));
        CrashPoint.Pass(undoes ? "saga.compensate.after" : "saga.reply.after");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} has no saga {SagaId}, though a reply to it came.")]
    private static partial void UnknownSaga(ILogger logger, int shard, Guid sagaId);
}
