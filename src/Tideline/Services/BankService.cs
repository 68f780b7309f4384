using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Projections;
using Tideline.Sagas;

namespace Tideline.Services;

/// <summary>
/// A service: everything that the ledger, the log, the sagas and the processes of the installation need to know about
/// it. It has its own folder and is registered with one line.
/// </summary>
public abstract class BankService
{
    /// <summary>A short name, unique among the services.</summary>
    public abstract string Name { get; }

    /// <summary>The commands that other processes may send to the owner of a shard.</summary>
    public virtual IReadOnlyList<CommandKind> Commands => [];

    /// <summary>The events of its own aggregates, with the topic that carries a copy.</summary>
    public virtual IReadOnlyList<EventKind> Events => [];

    /// <summary>The reasons for which only it refuses a command.</summary>
    public virtual IReadOnlyList<RefusalKind> Refusals => [];

    /// <summary>What its transactions are, if they are none of the core's kinds.</summary>
    public virtual IReadOnlyList<TransactionKindName> TransactionKinds => [];

    /// <summary>Its sagas, in every version that may still be in flight.</summary>
    public virtual IReadOnlyList<SagaDefinition> Sagas => [];

    /// <summary>Its work that becomes due with time.</summary>
    public virtual IReadOnlyList<DueWork> Timers => [];

    /// <summary>Its projections on the view tier.</summary>
    public virtual IReadOnlyList<ProjectionDefinition> Projections => [];

    /// <summary>What it adds to the documents of other services.</summary>
    public virtual IReadOnlyList<DocumentPart> DocumentParts => [];

    /// <summary>What it adds to the verification.</summary>
    public virtual IReadOnlyList<ServiceCheck> Checks => [];

    /// <summary>A snapshot of its files for a backup; null if it has none. Fast: it copies nothing.</summary>
    /// <param name="folder">As in <see cref="ServiceContext"/>.</param>
    public virtual FolderSnapshot? PinFiles(string folder) => null;

    /// <summary>Starts its parts, once the ledger and the log are open.</summary>
    public virtual void Start(ServiceContext context)
    {
    }

    /// <summary>Starts its parts that read the views, once the view tier is open.</summary>
    public virtual void StartViews(ViewContext context)
    {
    }
}
