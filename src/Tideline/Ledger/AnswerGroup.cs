namespace Tideline.Ledger;

/// <summary>
/// Answers some commands of a batch in sequence on a pool thread. One wake-up serves many clients; a wake-up for each
/// would cost more than the commands themselves.
/// </summary>
internal sealed class AnswerGroup(PendingCommand[] commands) : IThreadPoolWorkItem
{
    /// <summary>Hands the answers of a batch to the pool.</summary>
    public static void Send(IReadOnlyList<PendingCommand> batch)
    {
        // At least two groups, so that a second processor shares the work.
        var size = Math.Clamp((batch.Count + 1) / 2, 1, LedgerLimits.AnswersPerWorkItem);
        for (var from = 0; from < batch.Count; from += size)
        {
            var group = new PendingCommand[Math.Min(size, batch.Count - from)];
            for (var i = 0; i < group.Length; i++) group[i] = batch[from + i];
            ThreadPool.UnsafeQueueUserWorkItem(new AnswerGroup(group), preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var pending in commands) pending.Answer();
    }
}
