using Tideline.Projections;

namespace Tideline.Services.Analytics;

/// <summary>Figures about the bank, from its events.</summary>
public sealed class AnalyticsService : BankService
{
    /// <inheritdoc/>
    public override string Name => "analytics";

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionDefinition> Projections { get; } = [AnalyticsProjection.Definition];
}
