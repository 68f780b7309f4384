using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Compares the counts and sums that a message declares with its content. A message that contradicts itself is refused
/// as a whole.
/// </summary>
internal static class ControlChecks
{
    /// <summary>The first contradiction; null if there is none.</summary>
    public static StatusReason? Check(Pain001Message message)
    {
        var unread = message.Instructions.SelectMany(block => block.Payments)
            .FirstOrDefault(payment => payment.AmountText is null)?.Breach;
        var reason = Compare("GrpHdr", message.DeclaredCount, message.Count, message.DeclaredSum, message.Sum, unread);
        foreach (var block in message.Instructions)
        {
            if (reason is not null) return reason;
            unread = block.Payments.FirstOrDefault(payment => payment.AmountText is null)?.Breach;
            reason = Compare(
                $"PmtInf '{block.Id}'", block.DeclaredCount, block.Payments.Count, block.DeclaredSum, block.Sum,
                unread);
        }

        return reason;
    }

    // An amount that cannot be parsed counts as zero: the sum then differs, and the reason names the amount.
    private static StatusReason? Compare(
        string where, long? declaredCount, int count, decimal? declaredSum, decimal sum, StatusReason? unread)
    {
        var culture = CultureInfo.InvariantCulture;
        if (declaredCount is { } number && number != count)
        {
            var words = string.Create(culture, $"{where} says NbOfTxs {number}; there are {count}.");
            return new StatusReason(StatusReasonCodes.InvalidNumberOfTransactions, words);
        }

        if (declaredSum is not { } total || total == sum) return null;
        var detail = string.Create(culture, $"{where} says CtrlSum {total}; the amounts add up to {sum}.");
        detail = unread is null ? detail : $"{detail} {unread.Detail}";
        return new StatusReason(StatusReasonCodes.InvalidControlSum, detail);
    }
}
