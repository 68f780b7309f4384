namespace Tideline.Kernel;

/// <summary>The events that this program knows: the ledger's own, and those that services register.</summary>
public static class EventTypes
{
    /// <summary>The lowest number that a service may use.</summary>
    public const int FirstOfServices = 100;

    /// <summary>The suffix of every service's topic.</summary>
    public const string TopicSuffix = ".events";

    private static readonly NumberedNames<EventKind> Names = new("Event", FirstOfServices,
    [
        new(EventType.CustomerCreated, "CUSTOMER_CREATED", "A customer exists."),
        new(EventType.AccountCreated, "ACCOUNT_CREATED", "An account exists."),
        new(EventType.BalanceUpdated, "BALANCE_UPDATED",
            "The available balance or the status of an account changed; no money moved."),
        new(EventType.TransactionRecorded, "TRANSACTION_RECORDED",
            "Money moved between an account and a system account."),
        new(EventType.AccountDebited, "ACCOUNT_DEBITED", "A transfer took money from an account."),
        new(EventType.AccountCredited, "ACCOUNT_CREDITED", "A transfer or its refund gave money to an account."),
        new(EventType.CustomerViewUpdated, "CUSTOMER_VIEW_UPDATED",
            "The customer views contain every event of a shard up to a position."),
    ]);

    /// <summary>The topics that services' events are copied to.</summary>
    public static IReadOnlyList<string> Topics =>
        [.. All.Select(kind => kind.Topic).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>All events that this program knows, in the order of their numbers.</summary>
    public static IReadOnlyList<EventKind> All => Names.All;

    /// <summary>Refuses an event of a service that cannot be registered.</summary>
    /// <exception cref="TidelineException">
    /// InvalidInput: its number or its name belongs to another event, or its topic has another form.
    /// </exception>
    internal static void Require(EventKind kind)
    {
        if (kind.Topic is { } topic && !topic.EndsWith(TopicSuffix, StringComparison.Ordinal))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"{kind.Name} goes to the topic {topic}; topics of services end with {TopicSuffix}.");
        Names.Require(kind);
    }

    /// <summary>Registers an event of a service. Registering the same event again has no effect.</summary>
    /// <exception cref="TidelineException">As <see cref="Require"/>.</exception>
    internal static void Register(EventKind kind) => Names.Register(kind);

    /// <summary>The event with this number; null if this program does not know it.</summary>
    public static EventKind? Find(EventType type) => Names.Find((int)type);

    /// <summary>The event with this published name; null if this program does not know it.</summary>
    public static EventKind? Find(string name) => Names.Find(name);

    /// <summary>The name on the wire, as in <c>ACCOUNT_DEBITED</c>.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know the event.</exception>
    public static string Name(this EventType type) => Names.Of((int)type).Name;
}
