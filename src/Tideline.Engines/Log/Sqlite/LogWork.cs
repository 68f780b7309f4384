namespace Tideline.Engines.Log.Sqlite;

/// <summary>A piece of a transaction, answered after its commit.</summary>
internal sealed class LogWork(Func<LogWriter, long> run, bool durable)
    : TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private long _result;

    /// <summary>Whether it must outlive the machine: nothing else holds what it writes.</summary>
    public bool IsDurable => durable;

    public void Run(LogWriter writer) => _result = run(writer);

    public void Answer() => TrySetResult(_result);
}
