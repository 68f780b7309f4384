using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>
/// What was booked on an account in a period, without its entries. Opening balance and entries add up to the closing
/// balance.
/// </summary>
/// <param name="StatementId">The same for the same account and period and the same last entry.</param>
/// <param name="AccountId">The account.</param>
/// <param name="Iban">Its IBAN, where it has one.</param>
/// <param name="Currency">Its currency.</param>
/// <param name="From">Beginning, inclusive.</param>
/// <param name="To">End, exclusive; never after <paramref name="CreatedAt"/>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="OpeningMinor">Booked balance before the first entry, minor units.</param>
/// <param name="ClosingMinor">Booked balance after the last entry, minor units.</param>
/// <param name="FirstVersion">The version of the first entry.</param>
/// <param name="LastVersion">The version of the last entry; one less than the first when there is none.</param>
public sealed record Statement(
    Guid StatementId, Guid AccountId, string? Iban, Currency Currency, DateTimeOffset From,
    DateTimeOffset To, DateTimeOffset CreatedAt, long OpeningMinor, long ClosingMinor, long FirstVersion,
    long LastVersion)
{
    /// <summary>How many entries there are.</summary>
    public long Entries => LastVersion - FirstVersion + 1;
}

/// <summary>
/// One booked entry. <paramref name="AmountMinor"/> is signed as the account sees it: negative for a debit.
/// </summary>
public sealed record StatementEntry(
    long Version, Guid TransactionId, TransactionKind Kind,
    long AmountMinor, long PostedAfterMinor, DateTimeOffset BookedAt, string? Reference, Guid? CounterpartyId,
    TransactionDetails? Details);
