#pragma warning disable CA1001 // The source has no wait handle to dispose; the token may still be in use.
namespace Tideline.Ledger;

/// <summary>
/// An owner found in the head row, and whether it has since lost the shard: then requests sent to it need not be
/// awaited.
/// </summary>
internal sealed class ObservedOwner(ShardOwner owner)
{
    private readonly CancellationTokenSource _left = new();

    public ShardOwner Owner { get; } = owner;

    /// <summary>Cancelled when another owner is found, or none.</summary>
    public CancellationToken Left => _left.Token;

    public void Leave() => _left.Cancel();
}
