using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>Where the strong tier's databases are.</summary>
public sealed record MySqlLedgerOptions
{
    /// <summary>
    /// Connection string of each primary, in MySqlConnector's words (<c>Server=…;Port=…;User ID=…;Password=…;SSL
    /// Mode=…</c>), without a database. New data is spread over them; where it is then is kept with the data
    /// (<see cref="Placement"/>), so the order stays and more are added at the end. A group that the failover
    /// controller watches over is named by its members, <c>Server=host:port,host:port,host:port</c>: whichever of them
    /// is the primary is found. One address is taken as it is, and followed where it leads: that is how InnoDB Cluster,
    /// Vitess and managed servers fail over.
    /// </summary>
    public required IReadOnlyList<string> Primaries { get; init; }

    /// <summary>
    /// Number of shards when the data is made; it is fixed then. Null: what the data has, or
    /// <see cref="DefaultShards"/>.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>
    /// Shards of new data: their writers wait for MySQL most of the time, so there are two even on one processor.
    /// </summary>
    public static int DefaultShards => Math.Max(2, ShardMap.DefaultShards);

    /// <summary>
    /// What others are told of the process that owns the shards it takes; words and address have at most 255
    /// characters.
    /// </summary>
    public ShardOwner Owner { get; init; } = new(ShardOwner.ThisProcess, "", Guid.Empty);

    /// <summary>
    /// The shards that this process prefers: it takes them as soon as they are free, and any other one when nobody has
    /// taken that for a while. Null: every shard.
    /// </summary>
    public IReadOnlySet<int>? Own { get; init; }

    /// <summary>Shard n lives in the database of this name, <c>_</c> and n.</summary>
    public string DatabasePrefix { get; init; } = "tideline";

    /// <summary>
    /// Whether the installation is known to be there, so that a database that is missing is a loss. It is one in any
    /// case where another database of the installation was used.
    /// </summary>
    public bool IsKnown { get; init; }

    /// <exception cref="TidelineException">InvalidInput, in words that name what is wrong.</exception>
    public void Require()
    {
        if (Shards is < 1 or > Limits.Shards)
            throw new TidelineException(ErrorCode.InvalidInput, $"The number of shards must be 1 to {Limits.Shards}.");
        if (Own is { Count: 0 })
            throw new TidelineException(ErrorCode.InvalidInput, "A list of preferred shards must name at least one.");
        if (Owner.Address.Length > LedgerLimits.PeerAddressCharacters) throw new TidelineException(
            ErrorCode.InvalidInput,
                $"The address of a process may have at most {LedgerLimits.PeerAddressCharacters} characters.");
        if (Primaries.Count == 0)
            throw new TidelineException(ErrorCode.InvalidInput, "The strong tier needs the address of a MySQL server.");
        if (DatabasePrefix.Length is 0 or > 48 || DatabasePrefix.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"'{DatabasePrefix}' cannot begin the name of a database: small letters, digits and _, at most 48.");
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789_");
}
