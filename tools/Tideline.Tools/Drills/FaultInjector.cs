using System.Net.Sockets;
using System.Text;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// Freezes and opens the unsteady accounts without end: a transfer that found its destination open may find it frozen
/// when the credit comes, and then must give the money back.
/// </summary>
internal sealed class FaultInjector(int port, DrillBank bank, SeededRandom random, ServerGate gate)
{
    public async Task RunAsync(CancellationToken stop, CancellationToken cancel)
    {
        var accounts = bank.Unsteady.SelectMany(shard => shard).ToArray();
        while (!stop.IsCancellationRequested)
        {
            await gate.WaitAsync(cancel);
            try
            {
                using var connection = await HttpConnection.OpenAsync(port, cancel);
                while (!stop.IsCancellationRequested)
                {
                    await SetAsync(connection,
                        accounts[random.Below(accounts.Length)], random.Percent(50) ? "frozen" : "open", cancel);
                    await Task.Delay(2, cancel);
                }
            }
            catch (Exception fault) when (fault is SocketException or IOException)
            {
                // The program was killed; the next round finds it again.
                await Task.Delay(20, cancel);
            }
        }
    }

    /// <summary>Opens them all, for the end.</summary>
    public async Task OpenAllAsync(CancellationToken cancel)
    {
        using var connection = await HttpConnection.OpenAsync(port, cancel);
        foreach (var account in bank.Unsteady.SelectMany(shard => shard))
            await SetAsync(connection, account, "open", cancel);
    }

    private static ValueTask<HttpAnswer> SetAsync(
        HttpConnection connection, Guid account, string status, CancellationToken cancel) =>
        connection.SendAsync("PATCH", $"/v1/accounts/{account}",
            null, Encoding.ASCII.GetBytes($$"""{"status":"{{status}}"}"""), "application/json", cancel);
}
