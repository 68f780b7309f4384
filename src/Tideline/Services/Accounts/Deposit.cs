using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>Cash to account.</summary>
public sealed record Deposit(Guid TransactionId, Guid AccountId, Money Amount, string? Reference)
    : CashMovement(TransactionId, AccountId, Amount, Reference)
{
    private protected override TransactionKind Kind => TransactionKind.Deposit;

    private protected override bool IsIn => true;
}
