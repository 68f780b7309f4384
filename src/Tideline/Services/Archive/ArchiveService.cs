using Tideline.Projections;

namespace Tideline.Services.Archive;

/// <summary>The archive: every event of the installation, readable in the view tier.</summary>
public sealed class ArchiveService : BankService
{
    /// <inheritdoc/>
    public override string Name => "archive";

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionDefinition> Projections { get; } = [EventsProjection.Definition];
}
