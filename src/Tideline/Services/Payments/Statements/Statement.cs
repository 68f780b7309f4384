using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>
/// The bookings on an account in a period, without the entries. The opening balance plus the entries gives the closing
/// balance.
/// </summary>
/// <param name="StatementId">Equal for the same account, period and last entry.</param>
/// <param name="AccountId">The account.</param>
/// <param name="Iban">Its IBAN, if it has one.</param>
/// <param name="Currency">Its currency.</param>
/// <param name="From">Beginning, inclusive.</param>
/// <param name="To">End, exclusive; never after <paramref name="CreatedAt"/>.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="OpeningMinor">Booked balance before the first entry, minor units.</param>
/// <param name="ClosingMinor">Booked balance after the last entry, minor units.</param>
/// <param name="FirstVersion">The version of the first entry.</param>
/// <param name="LastVersion">The version of the last entry; one less than the first if there is none.</param>
public sealed record Statement(
    Guid StatementId, Guid AccountId, string? Iban, Currency Currency, DateTimeOffset From,
    DateTimeOffset To, DateTimeOffset CreatedAt, long OpeningMinor, long ClosingMinor, long FirstVersion,
    long LastVersion)
{
    /// <summary>The number of entries.</summary>
    public long Entries => LastVersion - FirstVersion + 1;
}

/// <summary>
/// One booked entry. <paramref name="AmountMinor"/> is signed from the account's point of view: negative for a debit.
/// </summary>
public sealed record StatementEntry(
    long Version, Guid TransactionId, TransactionKind Kind,
    long AmountMinor, long PostedAfterMinor, DateTimeOffset BookedAt, string? Reference, Guid? CounterpartyId,
    TransactionDetails? Details);
