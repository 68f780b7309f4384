using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;

namespace Tideline.Tests.Ledger;

/// <summary>
/// Stands where the log stands: moves messages between shards one round at a time, and can lose the place or repeat, as
/// a test likes.
/// </summary>
internal sealed class MessagePump(GeneralLedger ledger, SagaRunner runner)
{
    private readonly long[] _moved = new long[ledger.Map.Shards];

    /// <summary>Moves everything that is there, until nothing is left.</summary>
    public async Task RunAsync(int repeat = 1)
    {
        while (await StepAsync(repeat) > 0)
        {
        }
    }

    /// <summary>Moves what every shard has sent so far. Returns how many messages.</summary>
    public async Task<int> StepAsync(int repeat = 1)
    {
        var moved = 0;
        for (var shard = 0; shard < _moved.Length; shard++)
        {
            var messages = await ledger.Reader(shard).GetMessagesAsync(_moved[shard], 1_000, default);
            foreach (var target in messages.GroupBy(message => message.TargetShard))
            {
                var records = target.Select(message => new LogRecord(
                    Topics.SagaCommands, target.Key, 0, $"saga-{shard}", message.Seq,
                    message.SagaId, message.Type, message.SagaId, 0, message.TimeUs, message.Data)).ToList();
                for (var time = 0; time < repeat; time++) await runner.HandleAsync(target.Key, records, default);
            }

            moved += messages.Count;
            if (messages.Count > 0) _moved[shard] = messages[^1].Seq;
        }

        return moved;
    }

    /// <summary>Loses what a shard has sent so far.</summary>
    public void Lose(int shard) => _moved[shard] = ledger.CommittedHead(shard).MessageSeq;

    /// <summary>Keeps back what a shard has sent so far, to be delivered later.</summary>
    public async Task<IReadOnlyList<MessageRow>> Hold(int shard)
    {
        var messages = await ledger.Reader(shard).GetMessagesAsync(_moved[shard], 1_000, default);
        Lose(shard);
        return messages;
    }

    /// <summary>Delivers what was kept back.</summary>
    public async Task DeliverAsync(IReadOnlyList<MessageRow> messages)
    {
        foreach (var message in messages)
        {
            await runner.HandleAsync(
                message.TargetShard,
                [new LogRecord(Topics.SagaCommands, message.TargetShard, 0, "late", message.Seq,
                    message.SagaId, message.Type, message.SagaId, 0, message.TimeUs, message.Data)], default);
        }
    }
}
