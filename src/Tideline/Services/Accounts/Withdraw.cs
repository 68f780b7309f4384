using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>Account to cash.</summary>
public sealed record Withdraw(Guid TransactionId, Guid AccountId, Money Amount, string? Reference)
    : CashMovement(TransactionId, AccountId, Amount, Reference)
{
    private protected override TransactionKind Kind => TransactionKind.Withdrawal;

    private protected override bool IsIn => false;
}
