using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Services;

/// <summary>The open view tier, for the services that read it.</summary>
/// <param name="Ledger">The strong tier.</param>
/// <param name="Views">The documents.</param>
/// <param name="Projections">The running projections.</param>
/// <param name="Health">Where parts report their faults.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">Creates the loggers.</param>
/// <param name="Keep">Registers a part that ends with the view tier, in reverse order of registration.</param>
public sealed record ViewContext(
    GeneralLedger Ledger, IViewStore Views, ProjectionHost Projections, NodeHealth Health, TimeProvider Time,
    ILoggerFactory Loggers, Action<IAsyncDisposable> Keep)
{
    /// <summary>The cache in front of the documents; null without one.</summary>
    internal ViewCache? Cache { get; init; }
}
