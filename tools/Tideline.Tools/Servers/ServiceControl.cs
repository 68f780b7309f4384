using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// Brings the services of a folder up, looks how they are, and takes them down. They run on when the program that
/// brought them up has ended.
/// </summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="progress">Told the name of a service and what happens to it.</param>
public sealed class ServiceControl(ServiceFolder folder, Action<string, string> progress)
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private Dictionary<string, ServiceState> _states = [];

    /// <summary>The services there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Service.All.Select(service => service.Name)];

    /// <summary>
    /// Brings services up, all at once. One that runs is left as it is; one that ran before gets its ports and its data
    /// again.
    /// </summary>
    /// <param name="names">Which; none names all.</param>
    /// <param name="cancel">Ends those that are not up yet.</param>
    /// <returns>How each of them is.</returns>
    /// <exception cref="TidelineException">AlreadyOwned: another command is at work on the folder. InvalidInput: the
    /// folder is used for something else, or there is no such service.</exception>
    public async Task<IReadOnlyList<ServiceState>> UpAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        var services = (names.Count == 0 ? Names : names.Distinct()).Select(Service.Named).ToList();
        using var _ = folder.Lock();
        Load();
        return await Task.WhenAll(services.Select(service => UpAsync(service, cancel)));
    }

    /// <summary>Asks services how they are.</summary>
    /// <param name="names">Which; none names all that were ever up here.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<IReadOnlyList<ServiceState>> StatusAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        Load();
        return await Task.WhenAll(Known(names).Select(state => LookAsync(state, cancel)));
    }

    /// <summary>Ends services by SIGTERM, and by SIGKILL those that do not end in time.</summary>
    /// <param name="names">Which; none names all that were ever up here.</param>
    /// <param name="wipe">Also delete their data.</param>
    /// <returns>How each of them is, and whether it had to be killed.</returns>
    /// <exception cref="TidelineException">AlreadyOwned: another command is at work on the folder.</exception>
    public async Task<IReadOnlyList<ServiceState>> DownAsync(IReadOnlyList<string> names, bool wipe)
    {
        if (!Directory.Exists(folder.Path)) return Known(names);
        using var _ = folder.Lock();
        Load();
        var down = await Task.WhenAll(Known(names).Select(DownAsync));
        if (!wipe) return down;
        foreach (var state in down)
        {
            folder.Wipe(state.Service);
            _states.Remove(state.Service);
        }

        folder.Write([.. _states.Values]);
        folder.DeleteIfBare();
        return down;
    }

    private void Load() => _states = folder.Read().ToDictionary(state => state.Service);

    private List<ServiceState> Known(IReadOnlyList<string> names) =>
        [.. (names.Count == 0 ? Names.Where(_states.ContainsKey) : names.Distinct()).Select(name =>
            _states.GetValueOrDefault(Service.Named(name).Name) ?? new ServiceState(name, ServiceCondition.Down))];

    private async Task<ServiceState> UpAsync(Service service, CancellationToken cancel)
    {
        var earlier = _states.GetValueOrDefault(service.Name) ?? new ServiceState(service.Name, ServiceCondition.Down);
        if (earlier.Process is { IsAlive: true }) return Record(await LookAsync(earlier, cancel));
        var state = earlier with { Process = null, Reason = null, Folder = Path.Combine(folder.Path, service.Name) };
        try
        {
            progress(service.Name, "is made ready");
            await using var server = await service.PrepareAsync(
                state.Folder, earlier.Ports.All(LoopbackPort.IsFree) ? earlier.Ports : [], cancel);
            server.Launch();
            // Written down before anything is waited for: whatever ends this program, the next one finds the process.
            state = Record(state with
            {
                Condition = ServiceCondition.NotAnswering,
                Ports = server.Ports,
                Address = server.Address,
                Process = server.Process.Identity
            });
            progress(service.Name, "starts");
            await server.WaitReadyAsync(cancel);
            server.Leave();
            progress(service.Name, "is up");
            return Record(state with { Condition = ServiceCondition.Up, Version = server.Version });
        }
        catch (TidelineException fault)
        {
            var condition = fault.Code == ErrorCode.NotFound ? ServiceCondition.CannotBeHad : ServiceCondition.Failed;
            progress(service.Name, "is not up");
            return Record(state with { Condition = condition, Reason = fault.Message, Process = null });
        }
    }

    private async Task<ServiceState> DownAsync(ServiceState state)
    {
        if (state.Process is not { IsAlive: true } identity)
            return Record(state with { Condition = ServiceCondition.Down, Process = null, Reason = null });
        progress(state.Service, "ends");
        var ended = await new LocalProcess(identity).StopAsync(StopLimit);
        progress(state.Service, "is down");
        return Record(state with
        {
            Condition = ServiceCondition.Down,
            Process = null,
            Reason = ended ? null : $"it did not end within {StopLimit.TotalSeconds:0} s and was killed"
        });
    }

    private static async Task<ServiceState> LookAsync(ServiceState state, CancellationToken cancel)
    {
        if (state.Process is null) return state;
        if (!state.Process.IsAlive)
            return state with { Condition = ServiceCondition.Down, Process = null, Reason = "its process has ended" };
        try
        {
            var version = await Service.Named(state.Service).AskAsync(state.Address!, cancel);
            return state with { Condition = ServiceCondition.Up, Version = state.Version ?? version, Reason = null };
        }
        catch (TidelineException fault)
        {
            return state with { Condition = ServiceCondition.NotAnswering, Reason = fault.Message };
        }
    }

    private ServiceState Record(ServiceState state)
    {
        lock (_gate)
        {
            _states[state.Service] = state;
            folder.Write([.. _states.Values]);
        }

        return state;
    }
}
