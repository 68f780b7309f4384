namespace Tideline.Ledger;

/// <summary>The steps of a group commit that do not depend on the state of the writer.</summary>
internal static class BatchSteps
{
    // Returns the exception that a command threw, which no command should; null if none threw.
    public static Exception? Collect(
        PendingCommand[] commands, ShardContext context, out BatchKeys keys, out long notBeforeUs)
    {
        (keys, notBeforeUs) = (new BatchKeys(), 0);
        foreach (var pending in commands)
        {
            try
            {
                var command = pending.Command;
                notBeforeUs = Math.Max(notBeforeUs, command.NotBeforeUs);
                if (command.Key != Guid.Empty) keys.Outcomes.Add(command.Key);
                if (context.KeyHome(command) is { } home) keys.AddElsewhere(home, command.Key);
                command.Collect(keys, context);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                return fault;
            }
        }

        return null;
    }

    // As above.
    public static Exception? DecideAll(PendingCommand[] commands, Batch batch)
    {
        foreach (var pending in commands)
        {
            try
            {
                pending.Reply = Outcomes.Decide(pending.Command, batch, batch.Context.KeyHome(pending.Command));
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                return fault;
            }
        }

        return null;
    }

    // The thread belongs to the shard, so blocking on an asynchronous engine is fine here.
    public static T Wait<T>(ValueTask<T> task)
    {
        if (task.IsCompletedSuccessfully) return task.GetAwaiter().GetResult();
        var call = task.AsTask();
        ShardThreads.Used.Wait(call);
        return call.GetAwaiter().GetResult();
    }

    public static void Wait(ValueTask task)
    {
        if (task.IsCompletedSuccessfully) task.GetAwaiter().GetResult();
        else ShardThreads.Used.Wait(task.AsTask());
    }
}
