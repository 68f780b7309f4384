using Tideline.Bench.Figures;
using Tideline.Bench.Load;

namespace Tideline.Bench.Scenarios;

/// <summary>Reads by id over HTTP on the real program: customers from the view tier, accounts from the strong tier.</summary>
internal static class ReadsScenario
{
    private const int Connections = 32;

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        await using var program = await RealProgram.StartAsync(context, context.Options.Accounts ?? 10_000);
        var customers = await LoopAsync(context, program, CustomerAsync);
        var accounts = await LoopAsync(context, program, AccountAsync);
        return
        [
            new Figure("customers by id, from the view", customers.PerSecond, "reads/s"),
            .. TransferLoad.LatencyFigures("customers by id", customers, Target.Max(10)),
            new Figure("accounts by id, from the ledger", accounts.PerSecond, "reads/s"),
            .. TransferLoad.LatencyFigures("accounts by id", accounts, Target.Max(10)),
        ];
    }

    /// <summary>Reads a random customer's view, however fresh it is.</summary>
    /// <exception cref="IOException">It was not answered.</exception>
    public static Task CustomerAsync(HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel) =>
        ReadAsync(connection, $"/v1/customers/{accounts.Owners[accounts.SameShardPair(random).From]}", cancel);

    private static Task AccountAsync(HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel) =>
        ReadAsync(connection, $"/v1/accounts/{accounts.SameShardPair(random).From}", cancel);

    private static async Task ReadAsync(HttpConnection connection, string path, CancellationToken cancel)
    {
        var answer = await connection.GetAsync(path, cancel);
        if (answer.Status != 200) throw new IOException($"{path} answered {answer.Status}: {answer.Text}");
    }

    private static async Task<LoopResult> LoopAsync(
        ScenarioContext context, RealProgram program, Func<HttpConnection, AccountSet, SeededRandom, CancellationToken, Task> once)
    {
        var random = new SeededRandom(2);
        var randoms = Enumerable.Range(0, Connections).Select(_ => random.Fork()).ToArray();
        var opened = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => HttpConnection.OpenAsync(program.Port, context.Cancel).AsTask()));
        try
        {
            return await ClosedLoop.RunAsync(Connections, context.Options.Load, client => once(opened[client], program.Accounts, randoms[client], context.Cancel), context.Cancel);
        }
        finally
        {
            foreach (var connection in opened) connection.Dispose();
        }
    }
}
