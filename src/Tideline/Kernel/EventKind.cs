namespace Tideline.Kernel;

/// <summary>An event of the ledger or of a service.</summary>
/// <param name="Type">Its permanent number; of a service, <see cref="EventTypes.FirstOfServices"/> or above.</param>
/// <param name="Name">Its published name, as in <c>CARD_ISSUED</c>.</param>
/// <param name="Meaning">A sentence for people who read the database.</param>
/// <param name="Topic">The service's topic, which carries a copy of it, as in <c>card.events</c>; null: none.</param>
public sealed record EventKind(EventType Type, string Name, string Meaning, string? Topic = null)
    : NumberedName((int)Type, Name);
