using System.Net.Sockets;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// One client: sends its plan over one connection, remembers every request and what was acknowledged. A request whose
/// connection broke is sent again with its key half of the time; else it stays unknown.
/// </summary>
internal sealed class DrillClient(int port, OperationPlan plan, SeededRandom random, ServerGate gate) : IDisposable
{
    private const int RepeatPercent = 50;
    private HttpConnection? _connection;

    /// <summary>Everything that was sent.</summary>
    public List<Operation> Sent { get; } = [];

    /// <summary>Sends until <paramref name="stop"/>; a request under way is finished or becomes unknown.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancel)
    {
        while (!stop.IsCancellationRequested)
        {
            var operation = plan.Next();
            Sent.Add(operation);
            var unanswered = 0;
            while (!await TrySendAsync(operation, cancel) && !stop.IsCancellationRequested)
            {
                await Task.Delay(5, cancel);
                await gate.WaitAsync(cancel);
                if (operation.Unanswered > unanswered && !random.Percent(RepeatPercent)) break;
                unanswered = operation.Unanswered;
            }

            if (operation is { Kind: OperationKind.Hold, State: OperationState.Done }) plan.Placed(operation);
        }
    }

    /// <summary>Sends a request until it is answered. Only for a program that is not killed.</summary>
    public async Task SettleAsync(Operation operation, CancellationToken cancel)
    {
        while (!await TrySendAsync(operation, cancel)) await Task.Delay(20, cancel);
    }

    /// <summary>Sends a request that is already answered once more, and gives what it is told now.</summary>
    public async Task<HttpAnswer> RepeatAsync(Operation operation, CancellationToken cancel) =>
        await SendAsync(operation, cancel);

    public void Dispose() => _connection?.Dispose();

    private async Task<bool> TrySendAsync(Operation operation, CancellationToken cancel)
    {
        try
        {
            return operation.Take(await SendAsync(operation, cancel));
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            // The program was killed. If the request had left, whether it was carried out is what the drill is about.
            if (_connection is not null) operation.Unanswered++;
            _connection?.Dispose();
            _connection = null;
            return false;
        }
    }

    private async Task<HttpAnswer> SendAsync(Operation operation, CancellationToken cancel)
    {
        if (_connection is null)
        {
            _connection = await HttpConnection.OpenAsync(port, cancel);
        }

        return await _connection.PostAsync(operation.Path, operation.Key, operation.Body, cancel);
    }
}
