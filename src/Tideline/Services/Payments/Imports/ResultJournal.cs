using System.Text.Json;
using System.Threading.Channels;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// Results of a running import, appended and flushed in groups: one flush for all that arrived during the last one. A
/// result is visible only after its flush, so that a restart never takes back a visible result.
/// </summary>
internal sealed class ResultJournal : IAsyncDisposable
{
    private readonly Channel<PaymentResult> _queue = Channel.CreateBounded<PaymentResult>(
        new BoundedChannelOptions(Limits.EventBatch) { SingleReader = true });
    private readonly FileStream _file;
    private readonly Task _writing;

    private ResultJournal(FileStream file, Action<PaymentResult> written)
    {
        _file = file;
        _writing = Background.Run(() => WriteAsync(written));
    }

    /// <summary>Opens the journal, reports its results, and truncates a line that a crash left incomplete.</summary>
    public static ResultJournal Open(string path, Action<PaymentResult> written)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var (results, whole) = Read(file);
        foreach (var result in results) written(result);
        file.SetLength(whole);
        file.Position = whole;
        return new ResultJournal(file, written);
    }

    /// <summary>The results of a journal, in the order of writing, and the length of its complete lines.</summary>
    public static (IReadOnlyList<PaymentResult> Results, long Length) Read(FileStream file)
    {
        var content = new byte[file.Length];
        file.ReadExactly(content);
        var results = new List<PaymentResult>();
        var whole = content.AsSpan().LastIndexOf((byte)'\n') + 1;
        for (var start = 0; start < whole;)
        {
            var length = content.AsSpan(start, whole - start).IndexOf((byte)'\n');
            results.Add(JsonSerializer.Deserialize(content.AsSpan(start, length), ImportJson.Default.PaymentResult)!);
            start += length + 1;
        }

        return (results, whole);
    }

    /// <summary>Queues a result; waits while too many are unwritten, and fails if writing has failed.</summary>
    public ValueTask AddAsync(PaymentResult result, CancellationToken cancel) =>
        _queue.Writer.WriteAsync(result, cancel);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        try
        {
            await _writing;
        }
        finally
        {
            await _file.DisposeAsync();
        }
    }

    private async Task WriteAsync(Action<PaymentResult> written)
    {
        try
        {
            await WriteGroupsAsync(written);
        }
        catch (IOException fault)
        {
            // The next caller must get the fault rather than wait.
            _queue.Writer.TryComplete(fault);
            throw;
        }
    }

    private async Task WriteGroupsAsync(Action<PaymentResult> written)
    {
        var group = new List<PaymentResult>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (_queue.Reader.TryRead(out var result)) group.Add(result);
            foreach (var result in group)
            {
                await JsonSerializer.SerializeAsync(_file, result, ImportJson.Default.PaymentResult);
                _file.WriteByte((byte)'\n');
            }

            _file.Flush(flushToDisk: true);
            foreach (var result in group) written(result);
        }
    }
}
