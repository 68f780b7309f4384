using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// What a command knows about the shard it runs on. <paramref name="TakesKeysOf"/>: as
/// <see cref="ILedgerStore.TakesKeysOf"/>.
/// </summary>
internal sealed record ShardContext(int Shard, ShardMap Map, SystemAccounts SystemAccounts, Func<int, bool> TakesKeysOf)
{
    /// <summary>
    /// The shard at which a command's key is reserved in the same transaction as its effect here; null if there is
    /// none, or if the key is already reserved. A key without a fingerprint never leaves its shard.
    /// </summary>
    public int? KeyHome(LedgerCommand command)
    {
        if (command.IsKeyTaken || command.Key == Guid.Empty || command.Fingerprint == Guid.Empty) return null;
        var home = Map.ShardOf(command.Key);
        return home != Shard && TakesKeysOf(home) ? home : null;
    }

    public Guid SystemAccount(AccountKind kind, Currency currency) => SystemAccounts.Id(kind, currency, Shard);

    /// <summary>The clearing account here for the sagas of an owner.</summary>
    public Guid Clearing(Currency currency, int owner) => SystemAccounts.ClearingId(currency, Shard, owner);
}
