namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// How long a consumer of changes may stand still. <paramref name="Held"/>: the time that the oplog holds.
/// <paramref name="Left"/>: how much of that lies before the consumer's token; at none, what follows the token is lost.
/// <paramref name="IsFull"/>: the oplog drops its oldest entries, so <paramref name="Left"/> runs out at the present
/// rate of writes.
/// </summary>
public sealed record OplogWindow(TimeSpan Held, TimeSpan Left, bool IsFull)
{
    /// <summary>
    /// Whether somebody must look: the consumer is too slow, or the oplog too small. A young oplog that still fills is
    /// neither.
    /// </summary>
    public bool IsShort => IsFull && Left < TimeSpan.FromMinutes(MongoLimits.OplogWindowMinutes);
}
