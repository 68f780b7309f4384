namespace Tideline.Kernel;

/// <summary>An event of a service.</summary>
/// <param name="Type">Its permanent number, <see cref="EventTypes.FirstOfServices"/> or above.</param>
/// <param name="Name">Its published name, as in <c>CARD_ISSUED</c>.</param>
/// <param name="Topic">The service's topic, which carries a copy of it, as in <c>card.events</c>; null: none.</param>
public sealed record EventKind(EventType Type, string Name, string? Topic = null);
