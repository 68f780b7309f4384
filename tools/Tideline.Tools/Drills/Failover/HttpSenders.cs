#pragma warning disable CA2000 // A connection is in the bag, or in the hands of one request.
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tideline.Kernel;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Connections to several processes of one installation, each asked in turn: a request that one does not answer in time
/// goes to the next one.
/// </summary>
internal sealed class HttpSenders(IReadOnlyList<int> ports, int most) : IDisposable
{
    private const int SilenceMs = 1_000;
    private readonly ConcurrentBag<HttpConnection>[] _idle =
        [.. ports.Select(_ => new ConcurrentBag<HttpConnection>())];
    private readonly SemaphoreSlim _slots = new(most);
    private int _requests;

    /// <summary>As <see cref="SendTransfer"/>.</summary>
    public async Task<Guid> SendAsync(Guid from, Guid to, Money amount, Guid key, CancellationToken cancel)
    {
        var body = $$"""{"from":"{{from}}","to":"{{to}}","amount":"{{amount.ToDecimalString()}}","currency":"{{amount.Currency.Code}}"}""";
        await _slots.WaitAsync(cancel);
        var at = (int)((uint)Interlocked.Increment(ref _requests) % (uint)ports.Count);
        try
        {
            var answer = await SendAsync(at, key.ToString(), body, cancel);
            if (answer.Status is 200 or 201) return (Guid)JsonNode.Parse(answer.Body)!["transferId"]!;
            if (answer.Status is not (202 or 429 or >= 500))
                throw new TidelineException(ErrorCode.Internal, string.Create(CultureInfo.InvariantCulture,
                    $"A transfer of the load was answered with {answer.Status}: {answer.Text}"));
            throw new TidelineException(ErrorCode.StorageUnavailable, answer.Text);
        }
        catch (Exception fault) when (fault is TidelineException { IsTransient: true }
            or SocketException or IOException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            throw new TidelineException(ErrorCode.StorageUnavailable, fault.Message, fault);
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose()
    {
        foreach (var connection in _idle.SelectMany(idle => idle)) connection.Dispose();
        _slots.Dispose();
    }

    private async Task<HttpAnswer> SendAsync(int at, string key, string body, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(SilenceMs);
        var connection = _idle[at].TryTake(out var known)
            ? known
            : await HttpConnection.OpenAsync(ports[at], limit.Token);
        try
        {
            var answer = await connection.PostAsync("/v1/payments/transfers", key, body, limit.Token);
            _idle[at].Add(connection);
            return answer;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
