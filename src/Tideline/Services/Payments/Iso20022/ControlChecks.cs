using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>Compares the counts and sums that a message declares with what it holds. A message that contradicts itself is refused whole.</summary>
public static class ControlChecks
{
    /// <summary>The first contradiction; null when there is none.</summary>
    public static StatusReason? Check(Pain001Message message)
    {
        if (Compare("GrpHdr", message.DeclaredCount, message.Count, message.DeclaredSum, message.Sum) is { } reason) return reason;
        foreach (var instruction in message.Instructions)
        {
            reason = Compare($"PmtInf '{instruction.Id}'", instruction.DeclaredCount, instruction.Payments.Count, instruction.DeclaredSum, instruction.Sum);
            if (reason is not null) return reason;
        }

        return null;
    }

    private static StatusReason? Compare(string where, long? declaredCount, int count, decimal? declaredSum, decimal sum)
    {
        if (declaredCount is { } number && number != count)
            return new StatusReason(StatusReasonCodes.InvalidNumberOfTransactions, string.Create(CultureInfo.InvariantCulture, $"{where} says NbOfTxs {number}; there are {count}."));
        if (declaredSum is { } total && total != sum)
            return new StatusReason(StatusReasonCodes.InvalidControlSum, string.Create(CultureInfo.InvariantCulture, $"{where} says CtrlSum {total}; the amounts add up to {sum}."));
        return null;
    }
}
