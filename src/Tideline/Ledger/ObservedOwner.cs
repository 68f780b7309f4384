#pragma warning disable CA1001 // Nothing waits on a handle of the source; whoever holds the token may still ask it.
namespace Tideline.Ledger;

/// <summary>
/// An owner that was seen in the head row, and whether that is over: what was sent to it need not be waited for then.
/// </summary>
internal sealed class ObservedOwner(ShardOwner owner)
{
    private readonly CancellationTokenSource _left = new();

    public ShardOwner Owner { get; } = owner;

    /// <summary>Cancelled when another owner was seen, or none.</summary>
    public CancellationToken Left => _left.Token;

    public void Leave() => _left.Cancel();
}
