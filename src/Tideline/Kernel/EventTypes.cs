using System.Collections.Concurrent;

namespace Tideline.Kernel;

/// <summary>
/// The events that this program knows. Numbers and names are the same in every installation, so each process has one
/// list: the ledger's own events and those that services register.
/// </summary>
public static class EventTypes
{
    /// <summary>The lowest number that a service may use.</summary>
    public const int FirstOfServices = 100;

    /// <summary>The suffix of every service's topic.</summary>
    public const string TopicSuffix = ".events";

    private static readonly ConcurrentDictionary<EventType, EventKind> Kinds = new(OfTheLedger.Select(
        kind => KeyValuePair.Create(kind.Type, kind)));

    private static readonly ConcurrentDictionary<string, EventKind> ByName = new(OfTheLedger.Select(
        kind => KeyValuePair.Create(kind.Name, kind)), StringComparer.Ordinal);

    private static IReadOnlyList<EventKind> OfTheLedger =>
    [
        new(EventType.CustomerCreated, "CUSTOMER_CREATED"), new(EventType.AccountCreated, "ACCOUNT_CREATED"),
        new(EventType.BalanceUpdated, "BALANCE_UPDATED"), new(EventType.TransactionRecorded, "TRANSACTION_RECORDED"),
        new(EventType.AccountDebited, "ACCOUNT_DEBITED"), new(EventType.AccountCredited, "ACCOUNT_CREDITED"),
        new(EventType.CustomerViewUpdated, "CUSTOMER_VIEW_UPDATED"),
    ];

    /// <summary>Registers an event of a service. Registering the same event again has no effect.</summary>
    /// <exception cref="TidelineException">InvalidInput: the number or the name belongs to another event.</exception>
    public static void Register(EventKind kind)
    {
        if ((int)kind.Type < FirstOfServices)
            throw new TidelineException(ErrorCode.InvalidInput,
                $"{kind.Name} has number {(int)kind.Type}; events of services begin at {FirstOfServices}.");
        if (kind.Topic is { } topic && !topic.EndsWith(TopicSuffix, StringComparison.Ordinal))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"{kind.Name} goes to the topic {topic}; topics of services end with {TopicSuffix}.");
        if (Kinds.GetOrAdd(kind.Type, kind) is { } held && held != kind)
            throw new TidelineException(ErrorCode.InvalidInput,
                $"Event number {(int)kind.Type} is {held.Name}; {kind.Name} needs another one.");
        if (ByName.GetOrAdd(kind.Name, kind) != kind)
            throw new TidelineException(ErrorCode.InvalidInput, $"Two events are called {kind.Name}.");
    }

    /// <summary>The topics that services' events are copied to.</summary>
    public static IReadOnlyList<string> Topics =>
        [.. Kinds.Values.Select(kind => kind.Topic).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>All events that this program knows, in the order of their numbers.</summary>
    public static IReadOnlyList<EventKind> All => [.. Kinds.Values.OrderBy(kind => kind.Type)];

    /// <summary>The event with this number; null if this program does not know it.</summary>
    public static EventKind? Find(EventType type) => Kinds.GetValueOrDefault(type);

    /// <summary>The event with this published name; null if this program does not know it.</summary>
    public static EventKind? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The name on the wire, as in <c>ACCOUNT_DEBITED</c>.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know the event.</exception>
    public static string Name(this EventType type) => Find(type)?.Name ?? throw new TidelineException(
        ErrorCode.IncompatibleData, $"Event number {(int)type} belongs to no service of this program.");
}
