namespace Tideline.Engines.Log.Sqlite;

/// <summary>A piece of a transaction, answered after its commit.</summary>
internal sealed class LogWork(Func<LogWriter, long> run) : TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private long _result;

    public void Run(LogWriter writer) => _result = run(writer);

    public void Answer() => TrySetResult(_result);
}
