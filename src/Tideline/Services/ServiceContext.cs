using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>The environment of a service.</summary>
/// <param name="Ledger">The strong tier.</param>
/// <param name="Sagas">Requests that wait for their saga to end.</param>
/// <param name="Folder">A folder for files of unfinished work. A service uses its own folder in it.</param>
/// <param name="Health">Where parts report their faults.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">Creates the loggers.</param>
/// <param name="Keep">Registers a part that ends with the node, in reverse order of registration.</param>
public sealed record ServiceContext(
    GeneralLedger Ledger, SagaWaiters Sagas, string Folder, NodeHealth Health, TimeProvider Time,
    ILoggerFactory Loggers, Action<IAsyncDisposable> Keep);
