#pragma warning disable CA2000 // The parts live as long as the projection; DisposeAsync ends them.
using Microsoft.Extensions.Logging;

namespace Tideline.Projections;

/// <summary>One projection of a process: what builds it, and what operators do with it.</summary>
public sealed class Projection : IAsyncDisposable
{
    private Projection(Projector projector, DeadLetterQueue letters, Rebuild rebuild, ViewRepair repair) =>
        (Projector, Letters, DeadLetters, Rebuild, Repair) =
            (projector, letters, new DeadLetterOperations(projector, letters), rebuild, repair);

    /// <summary>What it is.</summary>
    public ProjectionDefinition Definition => Projector.Definition;

    /// <summary>Its name.</summary>
    public string Name => Definition.Name;

    /// <summary>Log → documents, and how far they are.</summary>
    public Projector Projector { get; }

    /// <summary>Events that could not be folded.</summary>
    public DeadLetterOperations DeadLetters { get; }

    /// <summary>Which keys are knowingly behind.</summary>
    internal DeadLetterQueue Letters { get; }

    /// <summary>The documents built anew beside the live ones.</summary>
    public Rebuild Rebuild { get; }

    /// <summary>Building one document anew.</summary>
    public ViewRepair Repair { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Rebuild.DisposeAsync();
        await Projector.DisposeAsync();
    }

    internal static async Task<Projection> CreateAsync(
        ProjectionDefinition definition, ProjectionFeed feed, ProjectionPlace place, DamagedDocuments damaged,
        SemaphoreSlim rebuilds, ILoggerFactory loggers, CancellationToken cancel)
    {
        var letters = new DeadLetterQueue(definition, place, loggers.CreateLogger<DeadLetterQueue>());
        var projector = await Projector.CreateAsync(
            definition, feed, place, loggers.CreateLogger<Projector>(), letters, cancel);
        return new Projection(
            projector, letters, new Rebuild(projector, letters, place, rebuilds, loggers.CreateLogger<Rebuild>()),
            new ViewRepair(projector, place, damaged));
    }
}
