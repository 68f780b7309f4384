using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>Whether the contract suites reach an engine that needs a server.</summary>
/// <param name="Engine">As in <c>MySQL</c>.</param>
/// <param name="Version">Name and version, as the server gave them; null when it is not tested.</param>
/// <param name="WhyNot">Why it is not tested; null when it is.</param>
/// <param name="IsMissed">It can be had here and is not tested.</param>
public sealed record EngineUnderTest(string Engine, string? Version, string? WhyNot, bool IsMissed)
{
    /// <summary>
    /// All engines that need a server, by the addresses in the environment and by what was brought up for the tests.
    /// </summary>
    /// <param name="folder">Where servers were brought up; null when none were to be.</param>
    /// <param name="wanted">The services that were to be brought up there.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task<IReadOnlyList<EngineUnderTest>> ListAsync(
        ServiceFolder? folder, IReadOnlyList<string> wanted, CancellationToken cancel)
    {
        var states = folder?.Read().ToDictionary(state => state.Service) ?? [];
        var others = folder is null ? [] : new ServiceFolder(ServiceFolder.Default).Read();
        return await Task.WhenAll(Service.All.Select(service => OfAsync(service, states.GetValueOrDefault(service.Name),
            others, folder is not null, wanted.Contains(service.Name), cancel)));
    }

    private static async Task<EngineUnderTest> OfAsync(Service service,
        ServiceState? state, IEnumerable<ServiceState> others, bool isAll, bool isWanted, CancellationToken cancel)
    {
        if (!isAll) return Not("left out by --engines embedded", isMissed: false);
        if (Environment.GetEnvironmentVariable(service.TestVariable) is { Length: > 0 } address)
        {
            try
            {
                var version = await service.AskAsync(address, cancel);
                // Some protocols tell less than is known of a server that was brought up here.
                var known = others.Append(state).FirstOrDefault(other =>
                    other is { Condition: ServiceCondition.Up, Process.IsAlive: true } && other.Address == address);
                return new EngineUnderTest(service.Engine, known?.Version ?? version, null, false);
            }
            catch (TidelineException fault)
            {
                return Not($"{service.TestVariable} is given, and {fault.Message}", isMissed: true);
            }
        }

        if (!isWanted) return Not("no test that was chosen needs it", isMissed: false);
        var reason = state?.Reason?.Split('\n')[0].TrimEnd('.', ':') ?? "it was not brought up";
        return state?.Condition == ServiceCondition.CannotBeHad
            ? Not($"it is not available here: {reason}", isMissed: false)
            : Not(reason, isMissed: true);

        EngineUnderTest Not(string why, bool isMissed) => new(service.Engine, null, why, isMissed);
    }
}
