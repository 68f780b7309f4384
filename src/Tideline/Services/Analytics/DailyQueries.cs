using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Services.Analytics;

/// <summary>Reads of the daily figures, by index.</summary>
public sealed class DailyQueries(ProjectionHost projections)
{
    /// <summary>
    /// The figures of the days from <paramref name="from"/> to <paramref name="to"/> (<c>yyyy-MM-dd</c>, both included;
    /// null: open), oldest first, of one currency or all; and how old they may be, milliseconds.
    /// </summary>
    /// <exception cref="TidelineException">ViewBehind: a document is damaged.</exception>
    public async Task<(IReadOnlyList<DailyFigures> Days, double StalenessMs)> FindAsync(
        string? from, string? to, string? currency, int limit, CancellationToken cancel)
    {
        var projection = projections[AnalyticsProjection.Name];
        var staleness = projection.Projector.LagMs();
        var equal = new Dictionary<string, object>();
        if (currency is not null) equal["currency"] = currency;
        var found = await projections.Views.Nearest.QueryAsync(
            new DocumentQuery(
                projection.Projector.Names.Documents, equal, "day", from, to, Descending: false, [], null, null, limit),
            cancel);
        return ([.. found.Select(stored => Read(projection, stored))], staleness);
    }

    private static DailyFigures Read(Projection projection, Document stored) =>
        projection.Definition.Documents!.Read(stored, out var damage) as DailyFigures
            ?? throw new TidelineException(
                ErrorCode.ViewBehind, $"The figures of {stored.Id} are damaged: {damage}. To repair them: "
                    + $"{ViewRepair.CommandFor(projection.Definition, stored.Id)}.");
}
