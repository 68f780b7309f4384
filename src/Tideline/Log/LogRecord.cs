using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>One record of the bus.</summary>
/// <param name="Topic">One of <see cref="Topics"/>.</param>
/// <param name="Partition">The shard it is for.</param>
/// <param name="Offset">Place in the partition, from 1; given by the log, 0 on append.</param>
/// <param name="Source">Who appends, as in <c>shard-0</c>; sequences count per topic and source. Outside the program it
/// has the name that <see cref="PublishedSources"/> gives it.</param>
/// <param name="SourceSeq">The source's own sequence, from 1: gapless, unless <see cref="PreviousSeq"/> says otherwise.
/// Of an event it is its position.</param>
/// <param name="Key">What must stay in order: the customer's id for events, the saga's id for commands.</param>
/// <param name="Type">The event's or command's published name, as in ACCOUNT_DEBITED.</param>
/// <param name="Subject">The aggregate.</param>
/// <param name="Version">The aggregate's version; 0 for commands.</param>
/// <param name="TimeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="Data">UTF-8 JSON.</param>
public sealed record LogRecord(
    string Topic, int Partition,
    long Offset, string Source, long SourceSeq, Guid Key, string Type, Guid Subject, long Version, long TimeUs,
    ReadOnlyMemory<byte> Data)
{
    /// <summary>
    /// The source's sequence before it on the topic, where that is not <see cref="SourceSeq"/> − 1: on a topic that
    /// carries a part of a shard's events.
    /// </summary>
    public long? PreviousSeq { get; init; }

    /// <summary>The source's sequence that must stand on the topic before this record is appended.</summary>
    public long FollowsSeq => PreviousSeq ?? SourceSeq - 1;
}

/// <summary>Names of topics.</summary>
public static class Topics
{
    /// <summary>Everything the ledger says, one partition per shard, offset order = position order.</summary>
    public const string AccountEvents = "account.events";

    /// <summary>CUSTOMER_VIEW_UPDATED and the profile changes of the view tier.</summary>
    public const string CustomerEvents = "customer.events";

    /// <summary>Commands and replies between the shards of a saga; partition = the shard addressed.</summary>
    public const string SagaCommands = "saga.commands";

    /// <summary>
    /// The heads of the audit chains, one partition per shard.
    /// </summary>
    public const string AuditHeads = "audit.heads";

    /// <summary>
    /// Whether the ledger or the views can give every record of a topic again: one whose tail is lost with its machine
    /// is filled from there.
    /// </summary>
    public static bool IsDerived(string topic) => topic.EndsWith(EventTypes.TopicSuffix, StringComparison.Ordinal);

    /// <summary>The dead letter topic of <paramref name="topic"/>.</summary>
    public static string DeadLetters(string topic) => topic + ".dlq";
}
