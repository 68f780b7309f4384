using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// What makes two messages the same one: a debtor account and a message id. The sender's name and identifiers are free
/// text and take no part. Each debtor of a message claims its id, so that two files that share one debtor cannot both
/// use it.
/// </summary>
internal static class MessageClaims
{
    /// <summary>The claims of a message, one for each account that it may debit.</summary>
    public static IReadOnlyList<Guid> Of(Pain001Message message) =>
    [
        .. message.Instructions.Where(instruction => instruction.Breach is null).Select(Payer)
            .Where(payer => payer.Length > 0)
            .Distinct(StringComparer.Ordinal).Select(payer => Idempotency.Key($"message:{payer}", message.MessageId)),
    ];

    /// <summary>The debtor's IBAN in its one form; empty where there is none, and so no payment.</summary>
    public static string Payer(PaymentInstruction instruction) =>
        Iban.TryParse(instruction.Debtor.Iban, out var iban) is null ? iban.ToString() : "";
}
