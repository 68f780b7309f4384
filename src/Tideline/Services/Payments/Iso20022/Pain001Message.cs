namespace Tideline.Services.Payments.Iso20022;

/// <summary>A customer credit transfer initiation (pain.001) as its sender wrote it; nothing is judged but its shape.</summary>
/// <param name="Version">The last number of the namespace, 3 to 11.</param>
/// <param name="MessageId">GrpHdr/MsgId.</param>
/// <param name="CreatedAt">GrpHdr/CreDtTm, as written.</param>
/// <param name="DeclaredCount">GrpHdr/NbOfTxs.</param>
/// <param name="DeclaredSum">GrpHdr/CtrlSum, where there is one.</param>
/// <param name="InitiatingParty">Name and identifiers of GrpHdr/InitgPty, joined.</param>
/// <param name="Instructions">The PmtInf blocks.</param>
public sealed record Pain001Message(
    int Version, string MessageId, string CreatedAt, long DeclaredCount, decimal? DeclaredSum, string InitiatingParty, IReadOnlyList<PaymentInstruction> Instructions)
{
    /// <summary>The message's name in reports, as in <c>pain.001.001.09</c>.</summary>
    public string Name => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"pain.001.001.{Version:00}");

    /// <summary>Payments in all blocks.</summary>
    public int Count => Instructions.Sum(instruction => instruction.Payments.Count);

    /// <summary>Sum of all amounts as plain numbers, whatever their currency: what CtrlSum means.</summary>
    public decimal Sum => Instructions.Sum(instruction => instruction.Sum);
}

/// <summary>A PmtInf block: payments from one debtor account on one day.</summary>
public sealed record PaymentInstruction(
    string Id, string Method, long? DeclaredCount, decimal? DeclaredSum, DateOnly RequestedDate, string? DebtorName, string? DebtorIban, IReadOnlyList<PaymentOrder> Payments)
{
    /// <summary>Sum of the block's amounts as plain numbers.</summary>
    public decimal Sum => Payments.Sum(payment => payment.Amount);
}

/// <summary>A CdtTrfTxInf: one payment.</summary>
/// <param name="InstructionId">PmtId/InstrId.</param>
/// <param name="EndToEndId">PmtId/EndToEndId.</param>
/// <param name="Uetr">PmtId/UETR, from version 9.</param>
/// <param name="AmountText">The amount as written.</param>
/// <param name="Amount">The amount as a number.</param>
/// <param name="CurrencyCode">Its Ccy attribute.</param>
/// <param name="IsEquivalentAmount">An EqvtAmt, which asks for a conversion, instead of an InstdAmt.</param>
/// <param name="CreditorName">Cdtr/Nm.</param>
/// <param name="CreditorIban">CdtrAcct/Id/IBAN.</param>
/// <param name="Reference">The first RmtInf/Ustrd, cut to what a reference may hold.</param>
/// <param name="Line">Where it begins in the file.</param>
public sealed record PaymentOrder(
    string? InstructionId, string EndToEndId, string? Uetr, string AmountText, decimal Amount, string CurrencyCode, bool IsEquivalentAmount, string? CreditorName, string? CreditorIban,
    string? Reference, int Line);
