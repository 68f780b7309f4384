using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Why a message or payment was refused: a code of the ISO 20022 external code set ExternalStatusReason1Code, and a
/// sentence.
/// </summary>
public sealed record StatusReason(string Code, string Detail)
{
    /// <summary>The code of a business refusal; NARR, which refers to the sentence, if no other code fits.</summary>
    public static StatusReason From(Refusal refusal) => new(
        refusal.Reason switch
        {
            RefusalReason.AccountNotFound => StatusReasonCodes.IncorrectAccountNumber,
            RefusalReason.AccountClosed => StatusReasonCodes.ClosedAccountNumber,
            RefusalReason.AccountFrozen => StatusReasonCodes.BlockedAccount,
            RefusalReason.InsufficientFunds => StatusReasonCodes.InsufficientFunds,
            RefusalReason.CurrencyMismatch => StatusReasonCodes.NotAllowedCurrency,
            RefusalReason.InvalidAmount => StatusReasonCodes.InvalidAmount,
            RefusalReason.BalanceOverflow => StatusReasonCodes.NotAllowedAmount,
            RefusalReason.IdempotencyKeyReused => StatusReasonCodes.Duplication,
            _ => StatusReasonCodes.Narrative,
        },
        refusal.Detail);
}

/// <summary>The codes that this program uses.</summary>
internal static class StatusReasonCodes
{
    /// <summary>The (creditor's) account number is missing, malformed or unknown here.</summary>
    public const string IncorrectAccountNumber = "AC01";

    /// <summary>As above, for the debtor.</summary>
    public const string InvalidDebtorAccountNumber = "AC02";

    /// <summary>One of the accounts is closed.</summary>
    public const string ClosedAccountNumber = "AC04";

    /// <summary>One of the accounts is frozen.</summary>
    public const string BlockedAccount = "AC06";

    /// <summary>The amount exceeds what an account may hold.</summary>
    public const string NotAllowedAmount = "AM02";

    /// <summary>The amount is not in the currency of both accounts.</summary>
    public const string NotAllowedCurrency = "AM03";

    /// <summary>The available balance is too small.</summary>
    public const string InsufficientFunds = "AM04";

    /// <summary>This place of this message of this debtor was paid with other content.</summary>
    public const string Duplication = "AM05";

    /// <summary>CtrlSum is not the sum of the amounts.</summary>
    public const string InvalidControlSum = "AM10";

    /// <summary>Zero, negative, too many decimals, or an amount that requires a conversion.</summary>
    public const string InvalidAmount = "AM12";

    /// <summary>NbOfTxs is not the number of payments.</summary>
    public const string InvalidNumberOfTransactions = "AM18";

    /// <summary>The requested execution date does not exist, or is in the future.</summary>
    public const string InvalidDate = "DT01";

    /// <summary>One of the debtors' message identification was used with other content.</summary>
    public const string DuplicateMessageId = "DU01";

    /// <summary>The payment or its block breaches the schema; the text names the line.</summary>
    public const string SyntaxError = "FF02";

    /// <summary>See the text.</summary>
    public const string Narrative = "NARR";
}
