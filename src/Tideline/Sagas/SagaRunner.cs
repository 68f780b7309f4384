using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>
/// Delivers messages of <c>saga.commands</c> to the shards of this process: requests become
/// <see cref="ExecuteSagaStep"/>, replies become <see cref="AdvanceSaga"/>. A whole batch is submitted at once and
/// joins the shard's group commit; the consumer commits its offset when all commands are durable.
/// </summary>
/// <remarks>
/// A message that cannot be handled, whatever it contains, is set aside as a dead letter, and the others continue. If a
/// command of a batch fails transiently, the whole batch is repeated: every command is idempotent by its step.
/// </remarks>
public sealed class SagaRunner(GeneralLedger ledger, SagaDefinitions definitions)
{
    /// <summary>The consumer group.</summary>
    public const string Group = "sagas";

    /// <summary>Handles a batch of one partition, which has the number of its shard.</summary>
    /// <exception cref="TidelineException">A transient fault, or the shard has stopped: the batch must be
    /// repeated.</exception>
    public async ValueTask HandleAsync(int shard, IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var (commands, of, letters) = (
            new List<LedgerCommand>(records.Count), new List<LogRecord>(records.Count), new List<LedgerCommand>());
        foreach (var record in records)
        {
            try
            {
                commands.Add(SagaMessages.Read(shard, ledger.Map, definitions, record.Type, record.Data.Span));
                of.Add(record);
            }
            // No content of a record may prevent the others from being handled.
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                letters.Add(LetterOf(shard, record, fault.Message));
            }
        }

        Pass(commands, "before");
        var ends = await ledger.SubmitAllHereAsync(shard, commands);
        Pass(commands, "after");
        for (var index = 0; index < ends.Length; index++)
        {
            if (await ReasonAsync(shard, commands[index], ends[index]) is { } reason)
                letters.Add(LetterOf(shard, of[index], reason));
        }

        foreach (var (_, fault) in await ledger.SubmitAllHereAsync(shard, letters))
        {
            if (fault is not null)
                throw new TidelineException(fault.Code, fault.Message, fault);
        }
    }

    /// <summary>
    /// Whether a command was refused because its message contradicts the shard's data: it becomes a dead letter, not a
    /// reply to a saga.
    /// </summary>
    internal static bool IsToSetAside(Refusal refusal) =>
        refusal.Reason is RefusalReason.StepConflict or RefusalReason.SagaNotFound;

    // Why a message must be set aside; null if it was handled. A failed command is retried alone, since the fault may
    // have come from its batch.
    private async Task<string?> ReasonAsync(int shard, LedgerCommand command, CommandEnd end)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (end.Fault is not { } fault)
                return end.Reply?.Refusal is { } refusal && IsToSetAside(refusal) ? refusal.Detail : null;
            if (fault.Code != ErrorCode.Internal)
                throw new TidelineException(fault.Code, fault.Message, fault);
            if (attempt == SagaLimits.MessageAttempts)
                return fault.Message;
            end = (await ledger.SubmitAllHereAsync(shard, [command]))[0];
        }
    }

    private SetAside LetterOf(int shard, LogRecord record, string reason) =>
        SetAside.Of(shard, ledger.Map, record.Key, record.Type, record.Data.Span, reason);

    private static void Pass(List<LedgerCommand> commands, string when)
    {
        if (!CrashPoint.IsArmed)
            return;
        foreach (var command in commands)
        {
            var step = command switch
            {
                ExecuteTransactionStep or AdvanceTransaction => null,
                ExecuteSagaStep => "credit",
                AdvanceSaga { StepReply.RefusalReason: 0 } => "reply",
                _ => "compensate",
            };
            if (step is not null) CrashPoint.Pass($"saga.{step}.{when}");
        }
    }
}
