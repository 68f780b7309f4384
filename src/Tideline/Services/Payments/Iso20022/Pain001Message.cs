using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// A customer credit transfer initiation (pain.001) as its sender wrote it; only its schema has been checked.
/// </summary>
/// <param name="Name">The format, as in <c>pain.001.001.09</c>.</param>
/// <param name="MessageId">GrpHdr/MsgId.</param>
/// <param name="CreatedAt">GrpHdr/CreDtTm, as written.</param>
/// <param name="DeclaredCount">GrpHdr/NbOfTxs.</param>
/// <param name="DeclaredSum">GrpHdr/CtrlSum, if present.</param>
/// <param name="InitiatingParty">GrpHdr/InitgPty/Nm; empty if missing. Free text that does not identify the
/// sender.</param>
/// <param name="Instructions">The PmtInf blocks.</param>
internal sealed record Pain001Message(
    string Name, string MessageId, string CreatedAt, long DeclaredCount, decimal? DeclaredSum, string InitiatingParty,
    IReadOnlyList<PaymentInstruction> Instructions)
{
    /// <summary>Payments in all blocks.</summary>
    public int Count => Instructions.Sum(instruction => instruction.Payments.Count);

    /// <summary>Sum of all amounts as plain numbers, whatever their currency, as CtrlSum is defined.</summary>
    public decimal Sum => Instructions.Sum(instruction => instruction.Sum);
}

/// <summary>A PmtInf block: payments from one debtor account on one day.</summary>
/// <param name="Id">PmtInfId; NOTPROVIDED if missing.</param>
/// <param name="Method">PmtMtd.</param>
/// <param name="DeclaredCount">NbOfTxs, if present.</param>
/// <param name="DeclaredSum">CtrlSum, if present.</param>
/// <param name="RequestedDate">ReqdExctnDt.</param>
/// <param name="DebtorName">Dbtr/Nm.</param>
/// <param name="Debtor">DbtrAcct.</param>
/// <param name="Payments">The payments.</param>
/// <param name="Breach">A breach of the schema in the block, outside its payments. Then none of them is made.</param>
internal sealed record PaymentInstruction(
    string Id, string? Method, long? DeclaredCount, decimal? DeclaredSum, DateOnly? RequestedDate, string? DebtorName,
    AccountName Debtor, IReadOnlyList<PaymentOrder> Payments, StatusReason? Breach)
{
    /// <summary>Sum of the block's amounts as plain numbers.</summary>
    public decimal Sum => Payments.Sum(payment => payment.Amount);
}

/// <summary>An account in a message: its IBAN and its stated currency.</summary>
internal readonly record struct AccountName(string? Iban, string? Currency);

/// <summary>A CdtTrfTxInf: one payment.</summary>
/// <param name="InstructionId">PmtId/InstrId.</param>
/// <param name="EndToEndId">PmtId/EndToEndId; NOTPROVIDED if missing.</param>
/// <param name="Uetr">PmtId/UETR, from version 9.</param>
/// <param name="AmountText">The amount as written; null if it is not an amount.</param>
/// <param name="CurrencyCode">Its Ccy attribute; null if it is not a currency.</param>
/// <param name="IsEquivalentAmount">Whether it has an EqvtAmt, which requires a conversion, instead of an
/// InstdAmt.</param>
/// <param name="CreditorName">Cdtr/Nm.</param>
/// <param name="Creditor">CdtrAcct.</param>
/// <param name="Reference">The first RmtInf/Ustrd, cut to the length of a reference.</param>
/// <param name="Line">The line at which it begins.</param>
/// <param name="Breach">A breach of the schema in the payment. Then it is not made.</param>
internal sealed record PaymentOrder(
    string? InstructionId, string EndToEndId, string? Uetr, string? AmountText, string? CurrencyCode,
    bool IsEquivalentAmount, string? CreditorName, AccountName Creditor, string? Reference, int Line,
    StatusReason? Breach)
{
    /// <summary>RmtInf/Ustrd, the first <see cref="PaymentLimits.RemittanceLines"/>.</summary>
    public IReadOnlyList<string> Remittance { get; init; } = [];

    /// <summary>RmtInf/Strd/CdtrRefInf/Ref, the first.</summary>
    public string? StructuredReference { get; init; }

    /// <summary>The amount as a number; 0 if it is not an amount, so that a control sum over it differs.</summary>
    public decimal Amount => AmountText is null
        ? 0
        : decimal.Parse(AmountText, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}
