using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>What a service runs on.</summary>
/// <param name="Ledger">The strong tier.</param>
/// <param name="Sagas">Requests that wait for their saga to end.</param>
/// <param name="Folder">A folder for files that are not settled yet. A service uses one of its own in it.</param>
/// <param name="Health">Where parts say what is wrong with them.</param>
/// <param name="Time">The clock.</param>
/// <param name="Loggers">Where log lines go.</param>
/// <param name="Keep">Takes a part that must be ended with the node: the newest ends first.</param>
public sealed record ServiceContext(
    GeneralLedger Ledger, SagaWaiters Sagas, string Folder, NodeHealth Health, TimeProvider Time,
    ILoggerFactory Loggers, Action<IAsyncDisposable> Keep);
