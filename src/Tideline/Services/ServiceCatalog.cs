using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>The services of a node, and everything they registered.</summary>
public sealed class ServiceCatalog
{
    /// <summary>Collects the services.</summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: two of them, or one of them and the core, register the same name, command, event, refusal, kind of
    /// transaction, topic, projection or version of a saga. Then nothing is registered.
    /// </exception>
    public ServiceCatalog(params IReadOnlyList<BankService> services)
    {
        Services = services;
        Commands = [.. services.SelectMany(service => service.Commands)];
        Timers = [.. services.SelectMany(service => service.Timers)];
        var parts = services.SelectMany(service => service.DocumentParts).ToList();
        Projections =
        [
            .. services.SelectMany(service => service.Projections).Select(projection =>
                projection.With([.. parts.Where(part => part.Projection == projection.Name)])),
        ];
        if (parts.Find(part => Projections.All(projection => projection.Name != part.Projection)) is { } lost)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"There is no projection {lost.Projection} for the part {lost.Name}.");
        var sagas = services.SelectMany(service => service.Sagas).ToList();
        var events = services.SelectMany(service => service.Events).ToList();
        var refusals = services.SelectMany(service => service.Refusals).ToList();
        var transactions = services.SelectMany(service => service.TransactionKinds).ToList();
        RequireOnce("service", services.Select(service => service.Name));
        RequireOnce("command", Commands.Select(command => command.Name));
        RequireOnce("projection", Projections.Select(projection => projection.Name));
        RequireOnce("saga", sagas.Concat(SagaDefinitions.OfTheCore)
            .Select(saga => $"{saga.Name} version {saga.Version}"));
        RequireOnce("topic", services.SelectMany(
            service => service.Events.Select(kind => kind.Topic).OfType<string>().Distinct()));
        RequireOnce("event", events);
        RequireOnce("refusal", refusals);
        RequireOnce("kind of transaction", transactions);
        foreach (var kind in events)
        {
            if (kind.Topic is Topics.AccountEvents or Topics.CustomerEvents)
                throw new TidelineException(
                    ErrorCode.InvalidInput, $"{kind.Name} goes to {kind.Topic}, which is a topic of the core.");
        }

        Sagas = new SagaDefinitions(sagas);
        events.ForEach(EventTypes.Require);
        refusals.ForEach(Refusals.Require);
        transactions.ForEach(TransactionKinds.Require);
        foreach (var kind in events) EventTypes.Register(kind);
        foreach (var kind in refusals) Refusals.Register(kind);
        foreach (var kind in transactions) TransactionKinds.Register(kind);
    }

    /// <summary>The services, in the order in which they start.</summary>
    public IReadOnlyList<BankService> Services { get; }

    /// <summary>The commands that processes forward to each other.</summary>
    public IReadOnlyList<CommandKind> Commands { get; }

    /// <summary>The sagas, including the core's own.</summary>
    public SagaDefinitions Sagas { get; }

    /// <summary>The due work of all services.</summary>
    public IReadOnlyList<DueWork> Timers { get; }

    /// <summary>The projections of all services.</summary>
    public IReadOnlyList<ProjectionDefinition> Projections { get; }

    /// <summary>The service of a type.</summary>
    /// <exception cref="InvalidOperationException">The node does not have it.</exception>
    public T Of<T>()
        where T : BankService => Services.OfType<T>().Single();

    private static void RequireOnce(string what, IReadOnlyList<NumberedName> kinds)
    {
        RequireOnce(what, kinds.Select(kind => kind.Name));
        RequireOnce($"{what} number", kinds.Select(kind => $"{kind.Number}"));
    }

    private static void RequireOnce(string what, IEnumerable<string> names)
    {
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new TidelineException(ErrorCode.InvalidInput, $"The {what} '{twice.Key}' is registered twice.");
    }
}
