using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>The services of a node, and what they registered.</summary>
public sealed class ServiceCatalog
{
    /// <summary>Takes the services.</summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: two of them have a name, a command, an event, a projection or a version of a saga in common.
    /// </exception>
    public ServiceCatalog(params IReadOnlyList<BankService> services)
    {
        Services = services;
        Commands = [.. services.SelectMany(service => service.Commands)];
        Timers = [.. services.SelectMany(service => service.Timers)];
        Projections = [.. services.SelectMany(service => service.Projections)];
        var sagas = services.SelectMany(service => service.Sagas).ToList();
        RequireOnce("service", services.Select(service => service.Name));
        RequireOnce("command", Commands.Select(command => command.Name));
        RequireOnce("projection", Projections.Select(projection => projection.Name));
        RequireOnce("saga", sagas.Select(saga => $"{saga.Name} version {saga.Version}"));
        Sagas = new SagaDefinitions(sagas);
        foreach (var kind in services.SelectMany(service => service.Events)) EventTypes.Register(kind);
    }

    /// <summary>The services, in the order in which they start.</summary>
    public IReadOnlyList<BankService> Services { get; }

    /// <summary>The commands that processes send to each other.</summary>
    public IReadOnlyList<CommandKind> Commands { get; }

    /// <summary>The sagas, with the core's own.</summary>
    public SagaDefinitions Sagas { get; }

    /// <summary>What time makes due.</summary>
    public IReadOnlyList<DueWork> Timers { get; }

    /// <summary>What is shown on the view tier.</summary>
    public IReadOnlyList<ProjectionDefinition> Projections { get; }

    /// <summary>The service of a type.</summary>
    /// <exception cref="InvalidOperationException">The node does not have it.</exception>
    public T Of<T>()
        where T : BankService => Services.OfType<T>().Single();

    private static void RequireOnce(string what, IEnumerable<string> names)
    {
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new TidelineException(ErrorCode.InvalidInput, $"Two services register the {what} '{twice.Key}'.");
    }
}
