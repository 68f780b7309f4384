using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Sagas;

/// <summary>
/// Carries messages of <c>saga.commands</c> to the shards of this process: requests become <see cref="DoStep"/>, replies become <see cref="MoveSaga"/>. A whole
/// batch is submitted at once and joins the shard's group commit; the consumer commits its offset when all are durable.
/// </summary>
public sealed class SagaRunner(GeneralLedger ledger, SagaDefinitions definitions)
{
    /// <summary>The consumer group.</summary>
    public const string Group = "sagas";

    /// <summary>Handles a batch of one partition, that is: of the shard of that number.</summary>
    public async ValueTask HandleAsync(int shard, IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var commands = new LedgerCommand[records.Count];
        for (var index = 0; index < commands.Length; index++) commands[index] = CommandOf(shard, records[index]);
        Pass(commands, "before");
        await ledger.SubmitAllHereAsync(shard, commands);
        Pass(commands, "after");
    }

    private LedgerCommand CommandOf(int shard, LogRecord record)
    {
        if (record.Type == SagaEngine.RequestType) return new DoStep(SagaJson.Read(record.Data.Span, SagaJson.Default.SagaRequest));
        var reply = SagaJson.Read(record.Data.Span, SagaJson.Default.SagaReply);
        return new MoveSaga(reply.SagaId, shard, SagaMove.Reply, definitions, reply, reply.Owner);
    }

    private static void Pass(LedgerCommand[] commands, string when)
    {
        if (!CrashPoint.IsArmed) return;
        foreach (var command in commands)
        {
            var step = command switch
            {
                DoStep => "credit",
                MoveSaga { StepReply.RefusalReason: 0 } => "reply",
                _ => "compensate",
            };
            CrashPoint.Pass($"saga.{step}.{when}");
        }
    }
}
