using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// Reads by id over HTTP on the real program: customers from the view tier and from the cache, accounts from the strong
/// tier.
/// </summary>
internal static class ReadsScenario
{
    private const int Connections = 32;

    // Customers that are asked for again and again, so that nearly every read finds them cached.
    private const int HotCustomers = 100;

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        await using var program = await RealProgram.StartAsync(context, context.Options.Accounts ?? 10_000);
        var customers = await LoopAsync(context, program, CustomerFromViewAsync);
        var hot = await LoopAsync(context, program, HotCustomerAsync, customers.PerSecond / 2);
        var accounts = await LoopAsync(context, program, AccountAsync);
        return
        [
            new Figure("customers by id, from the view", customers.PerSecond, "reads/s"),
            .. TransferLoad.LatencyFigures("customers by id", customers, Target.Max(10)),
            new Figure("hot customers by id, from the cache, at half of it", hot.PerSecond, "reads/s"),
            .. TransferLoad.LatencyFigures("hot customers by id", hot, Target.Max(5)),
            new Figure("accounts by id, from the ledger", accounts.PerSecond, "reads/s"),
            .. TransferLoad.LatencyFigures("accounts by id", accounts, Target.Max(10)),
        ];
    }

    /// <summary>Reads a random customer's view, however fresh it is.</summary>
    /// <exception cref="IOException">It was not answered.</exception>
    public static Task CustomerAsync(
        HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel) =>
        ReadAsync(connection, $"/v1/customers/{accounts.Owners[accounts.SameShardPair(random).From]}", cancel);

    // No cache proves that nothing at all is missing.
    private static Task CustomerFromViewAsync(
        HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel) =>
        ReadAsync(connection, $"/v1/customers/{accounts.Owners[accounts.SameShardPair(random).From]}",
            cancel, "Tideline-Consistency: bounded=0\r\n");

    private static Task HotCustomerAsync(
        HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel)
    {
        var shard = accounts.ByShard[0];
        return ReadAsync(connection,
            $"/v1/customers/{accounts.Owners[shard[random.Below(Math.Min(HotCustomers, shard.Length))]]}", cancel);
    }

    private static Task AccountAsync(
        HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel) =>
        ReadAsync(connection, $"/v1/accounts/{accounts.SameShardPair(random).From}", cancel);

    private static async Task ReadAsync(
        HttpConnection connection, string path, CancellationToken cancel, string moreHeaders = "")
    {
        var answer = await connection.GetAsync(path, cancel, moreHeaders);
        if (answer.Status != 200) throw new IOException($"{path} answered {answer.Status}: {answer.Text}");
    }

    private static async Task<LoopResult> LoopAsync(
        ScenarioContext context, RealProgram program,
        Func<HttpConnection, AccountSet, SeededRandom, CancellationToken, Task> once, double? perSecond = null)
    {
        var random = new SeededRandom(2);
        var randoms = Enumerable.Range(0, Connections).Select(_ => random.Fork()).ToArray();
        var opened = await Task.WhenAll(Enumerable.Range(0, Connections)
            .Select(_ => HttpConnection.OpenAsync(program.Port, context.Cancel).AsTask()));
        try
        {
            return await ClosedLoop.RunAsync(Connections, context.Options.Load, client =>
                once(opened[client], program.Accounts, randoms[client], context.Cancel), context.Cancel, perSecond);
        }
        finally
        {
            foreach (var connection in opened) connection.Dispose();
        }
    }
}
