using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>One process's handle on a <see cref="LogDisk"/>. A process that is killed just leaves it.</summary>
internal sealed class SimulatedLog(LogDisk disk, TimeProvider time) : ILog
{
    private volatile bool _isClosed;

    /// <inheritdoc/>
    public IReadOnlyList<LogFault> Faults
    {
        get
        {
            lock (disk.Gate) return disk.Faults();
        }
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) disk.Append(records);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(disk.SourceHead(topic, source));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> GetSourcesAsync(string topic, string prefix, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<string>>(
                [.. disk.SourcesOf(topic).Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate)
        {
            return ValueTask.FromResult<IReadOnlyList<LogRecord>>(
                disk.Partition(topic, partition).After(afterOffset, limit));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(disk.Partition(topic, partition).Head);
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(
        string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel)
    {
        Require(cancel);
        Task append;
        lock (disk.Gate)
        {
            var there = disk.Partition(topic, partition);
            if (there.Head > afterOffset) return;
            append = there.NextAppend;
        }

        try
        {
            await append.WaitAsync(timeout, time, cancel);
        }
        catch (TimeoutException)
        {
            // The caller looks again, as it would anyway.
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(disk.Partition(topic, partition).Register(group));
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(string group, string topic, int partition, long offset, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate)
        {
            var there = disk.Partition(topic, partition);
            if (offset < 0 || offset > there.Head)
                throw new TidelineException(ErrorCode.InvalidInput,
                    $"Group {group} cannot be at offset {offset} of {topic}/{partition}, whose head is {there.Head}.");
            there.Move(group, offset);
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(disk.Trim(before.ToUs()));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel)
    {
        Require(cancel);
        lock (disk.Gate) return ValueTask.FromResult(disk.Describe());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        return ValueTask.CompletedTask;
    }

    private void Require(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (_isClosed) throw new TidelineException(ErrorCode.ShuttingDown, "The log is closed.");
    }
}
