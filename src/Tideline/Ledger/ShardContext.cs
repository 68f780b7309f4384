using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a command knows about the shard it runs on.</summary>
internal sealed record ShardContext(int Shard, ShardMap Map, SystemAccounts SystemAccounts)
{
    public Guid SystemAccount(AccountKind kind, Currency currency) => SystemAccounts.Id(kind, currency, Shard);
}
