using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>
/// The amount that may still return to an account (<see cref="AccountRow.ReturnableMinor"/>). It rises with the debit
/// of a step that can be compensated, and falls when that step is compensated or the saga passes its pivot, each in the
/// same commit.
/// </summary>
internal static class Returnables
{
    /// <summary>A step that can be compensated has taken its amount.</summary>
    public static void Add(Batch batch, SagaPosting debit) => Change(batch, debit, -debit.AmountMinor);

    /// <summary>The amount has been returned, or can no longer be.</summary>
    public static void Release(Batch batch, SagaPosting debit) => Change(batch, debit, debit.AmountMinor);

    /// <summary>The claims of a shard's sagas on its accounts: see <see cref="ClaimOf"/>.</summary>
    public static AggregateClaims Claims(SagaDefinitions definitions, SystemAccounts accounts, int shard) =>
        SagaStore.Claims(row => ClaimOf(row, definitions, accounts, shard));

    /// <summary>
    /// The claim of a stored saga on an account: money that may return to it, or money on suspense for it.
    /// </summary>
    /// <returns>The account and the amount; null if the saga has no claim.</returns>
    private static AggregateClaim? ClaimOf(SagaRow row, SagaDefinitions definitions, SystemAccounts accounts, int shard)
    {
        // The claims of a transaction are in its reservations.
        if ((!row.State.IsUnfinished() && row.State != SagaState.Suspended) || row.Definition == TransactionSaga.Name)
            return null;
        var data = SagaJson.Read(row.Data, SagaJson.Default.SagaData);
        if (row.State == SagaState.Suspended)
            return new AggregateClaim(
                accounts.Id(AccountKind.Suspense, Currency.Parse(data.Currency), shard), data.AmountMinor);
        var definition = definitions.Of(row);
        if (
            row.Step == 0
            || row.Step > definition.PivotStep
            || definition.Steps[0] is not { Compensation: not null, Forward: { } forward })
            return null;
        var debit = forward(data, row.Id);
        return DerivedId.IsDerived(debit.AccountId) ? null : new AggregateClaim(debit.AccountId, -debit.AmountMinor);
    }

    private static void Change(Batch batch, SagaPosting debit, long minor)
    {
        if (batch.Account(debit.AccountId) is not { Kind: AccountKind.Customer } account)
            return;
        account.ReturnableMinor += minor;
        batch.Changed(account);
    }
}
