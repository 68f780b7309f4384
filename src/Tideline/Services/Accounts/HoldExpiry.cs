using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services.Accounts;

/// <summary>Releases holds that have expired.</summary>
internal static class HoldExpiry
{
    public static async ValueTask<IReadOnlyList<LedgerCommand>> FindAsync(
        IShardReader reader, long nowUs, CancellationToken cancel)
    {
        var due = new List<LedgerCommand>();
        foreach (var hold in await reader.GetExpiredHoldsAsync(nowUs, SagaLimits.TimerRows, cancel))
        {
            if (await reader.GetAccountAsync(hold.AccountId, cancel) is { } account)
                due.Add(new ReleaseHold(hold.Id, hold.AccountId, account.Currency, Expired: true));
        }

        return due;
    }
}
