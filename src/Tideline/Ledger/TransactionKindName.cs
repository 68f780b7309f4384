using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a transaction is, for the ledger or for a service.</summary>
/// <param name="Kind">
/// Its permanent number; of a service, <see cref="TransactionKinds.FirstOfServices"/> or above.
/// </param>
/// <param name="Name">The published name, as in <c>transfer</c>: the field <c>kind</c> of events and views.</param>
/// <param name="Meaning">A sentence for people who read the database.</param>
/// <param name="IsTransfer">
/// Of a service's kind: whether customers pay each other, so that its events are ACCOUNT_DEBITED and ACCOUNT_CREDITED.
/// Else they are TRANSACTION_RECORDED: between a customer and the bank.
/// </param>
public sealed record TransactionKindName(TransactionKind Kind, string Name, string Meaning, bool IsTransfer = false)
    : NumberedName((int)Kind, Name);
