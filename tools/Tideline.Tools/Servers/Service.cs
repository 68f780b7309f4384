using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>One kind of server that the cluster profile and the contract suites need.</summary>
/// <param name="Name">As it is named on the command line.</param>
/// <param name="Engine">As it is named in sentences.</param>
/// <param name="Variable">What follows <c>TIDELINE_</c> and <c>TIDELINE_TEST_</c> in the variables that hold its
/// address.</param>
/// <param name="PrepareAsync">Finds the program and makes its data, on the ports of an earlier run or, where there are
/// none, on free ones.</param>
/// <param name="VersionOfAsync">Asks the server at an address for its name and version.</param>
internal sealed record Service(
    string Name, string Engine, string Variable,
    Func<string, IReadOnlyList<int>, CancellationToken, Task<LocalServer>> PrepareAsync,
    Func<string, CancellationToken, Task<string>> VersionOfAsync)
{
    private const int FaultCharacters = 120;
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<Service> All { get; } =
    [
        new("mysql", "MySQL", "MYSQL", async (folder, ports, cancel) => await MySqlServer.PrepareAsync(
            folder, ports is [var port] ? port : null, cancel: cancel), MySqlServer.VersionOfAsync),
        new("redis", "Redis", "REDIS", async (folder, ports, cancel) => await RedisServer.PrepareAsync(
            folder, ports is [var port] ? port : null, cancel: cancel), RedisServer.VersionOfAsync),
        new("kafka", "Kafka", "KAFKA", async (folder, ports, cancel) => await KafkaServer.PrepareAsync(
            folder, 1, ports is [var client, var controller] ? [(client, controller)] : null, cancel: cancel),
            KafkaServer.VersionOfAsync),
        new("mongo", "MongoDB", "MONGODB", async (folder, ports, cancel) => await MongoStandIn.PrepareAsync(
            folder, ports is [var port] ? port : null, cancel: cancel), MongoStandIn.VersionOfAsync),
    ];

    /// <summary>The variable that <c>up --profile cluster</c> reads.</summary>
    public string AddressVariable => $"TIDELINE_{Variable}";

    /// <summary>The variable that the contract suites read.</summary>
    public string TestVariable => $"TIDELINE_TEST_{Variable}";

    /// <exception cref="TidelineException">InvalidInput: there is no such service.</exception>
    public static Service Named(string name) => All.FirstOrDefault(service => service.Name == name)
        ?? throw new TidelineException(ErrorCode.InvalidInput,
            $"There is no service '{name}'; there is: {string.Join(", ", All.Select(service => service.Name))}.");

    /// <summary>Asks the server at an address for its name and version.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it does not answer.</exception>
    public async Task<string> AskAsync(string address, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(AskLimit);
        try
        {
            return await VersionOfAsync(address, late.Token);
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            // A driver may say pages about it.
            var words = fault is OperationCanceledException
                ? $"nothing was heard for {AskLimit.TotalSeconds:0} s"
                : fault.Message.ReplaceLineEndings(" ");
            throw new TidelineException(ErrorCode.StorageUnavailable, $"it does not answer: "
                + $"{(words.Length <= FaultCharacters ? words : words[..FaultCharacters] + "…")}", fault);
        }
    }
}
