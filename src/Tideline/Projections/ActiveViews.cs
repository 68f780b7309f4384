using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Which version of a projection answers, and which is kept for rollback. <paramref name="Schema"/>: the fold that
/// built the active one. <paramref name="Latest"/>: the highest number that any version ever had; none is used twice,
/// so that whoever still works at an old one harms no new one. <paramref name="Epoch"/>: the installation epoch in
/// which the active one was held against the ledger last. <paramref name="Installation"/>: whose views they are.
/// <paramref name="SwitchedUs"/>: when the previous one was replaced; it is dropped
/// <see cref="ProjectionLimits.ViewVersionKeptHours"/> later.
/// </summary>
public sealed record ActiveViews(
    int Version, int? Previous, int Schema, int Latest, long Epoch = 1, Guid? Installation = null,
    long? SwitchedUs = null)
{
    // The year 9999: no later time can be read.
    private const long MostSwitchedUs = 253_000_000_000_000_000;

    /// <summary>
    /// Stable name → collection of the active version, for those who follow the changes of a collection: the change
    /// of this state is the event of a switch. Written with the state, and not read by the program.
    /// </summary>
    public SortedList<string, string>? Collections { get; init; }

    /// <summary>What answers nothing: a process that cannot tell which version does.</summary>
    internal static ActiveViews None { get; } = new(0, null, 0, 0);

    /// <summary>What the store says; version 1 for a new one, null where somebody broke it.</summary>
    internal static async ValueTask<ActiveViews?> LoadAsync(
        IViewStore views, ProjectionDefinition definition, CancellationToken cancel)
    {
        try
        {
            if (await views.GetStateAsync(StateOf(definition), cancel) is not { } json)
                return new ActiveViews(1, null, definition.SchemaVersion, 1);
            var active = JsonSerializer.Deserialize(json, ProjectionJson.Default.ActiveViews);
            return active is
            {
                Version: > 0, Previous: null or > 0, Latest: > 0 and < int.MaxValue,
                SwitchedUs: null or (>= 0 and < MostSwitchedUs),
            }
                && active.Version <= active.Latest ? active with { Collections = null } : null;
        }
        catch (Exception fault) when (fault is JsonException or TidelineException { Code: ErrorCode.Corrupt })
        {
            return null;
        }
    }

    /// <summary>Looks whose views a store holds.</summary>
    /// <exception cref="TidelineException">IncompatibleData: another installation's.</exception>
    public static async ValueTask RequireOwnAsync(
        IViewStore views, IEnumerable<ProjectionDefinition> definitions, Guid installation, CancellationToken cancel)
    {
        foreach (var definition in definitions)
        {
            if (await LoadAsync(views, definition, cancel) is { Installation: { } other } && other != installation)
                throw new TidelineException(
                    ErrorCode.IncompatibleData,
                    $"The view tier holds the views of another installation ({other}; this one is {installation}). "
                    + "Name this installation's own, or an empty one, which is filled from the ledger.");
        }
    }

    /// <summary>Makes this the answer, durably.</summary>
    /// <exception cref="TidelineException">NotOwner: a later owner said what the answer is.</exception>
    internal ValueTask SaveAsync(
        IViewStore views, ProjectionDefinition definition, long epoch, CancellationToken cancel)
    {
        var names = new ViewNames(definition, Version);
        var named = this with
        {
            Collections = new(definition.Collections.ToDictionary(each => each.Name, each => names.Of(each.Name))),
        };
        return views.SetStateAsync(
            StateOf(definition), JsonSerializer.SerializeToUtf8Bytes(named, ProjectionJson.Default.ActiveViews), epoch,
            cancel);
    }

    private static string StateOf(ProjectionDefinition definition) => definition.State("active");
}
