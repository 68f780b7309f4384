using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Projections;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>
/// What a service brings: everything that the ledger, the log, the sagas and the processes of the installation need to
/// know of it. It lives in a folder of its own and is registered with one line.
/// </summary>
public abstract class BankService
{
    /// <summary>A short name, unique among the services.</summary>
    public abstract string Name { get; }

    /// <summary>The commands that other processes may send to the owner of a shard.</summary>
    public virtual IReadOnlyList<CommandKind> Commands => [];

    /// <summary>The events of its own aggregates, with the topic that carries a copy of them.</summary>
    public virtual IReadOnlyList<EventKind> Events => [];

    /// <summary>Its sagas, in every version that may still be in flight.</summary>
    public virtual IReadOnlyList<SagaDefinition> Sagas => [];

    /// <summary>What time makes due.</summary>
    public virtual IReadOnlyList<DueWork> Timers => [];

    /// <summary>What it shows on the view tier.</summary>
    public virtual IReadOnlyList<ProjectionDefinition> Projections => [];

    /// <summary>
    /// What it keeps in files, at this moment: for a backup. Null when there is nothing. Quick: it copies nothing.
    /// </summary>
    /// <param name="folder">As <see cref="ServiceContext"/>.</param>
    public virtual FolderSnapshot? PinFiles(string folder) => null;

    /// <summary>Starts its parts, once the ledger and the log are there.</summary>
    public virtual void Start(ServiceContext context)
    {
    }
}
