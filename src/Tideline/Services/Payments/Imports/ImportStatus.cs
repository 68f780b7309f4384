using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>The answer to a file: its import, and whether exactly this file had been accepted before.</summary>
public sealed record ImportAcceptance(Guid ImportId, bool Repeated, string GroupStatus, StatusReason? Reason);

/// <summary>The state of an import.</summary>
/// <param name="ImportId">Its id.</param>
/// <param name="MessageName">As in <c>pain.001.001.09</c>.</param>
/// <param name="MessageId">GrpHdr/MsgId.</param>
/// <param name="CreatedAt">GrpHdr/CreDtTm, as written.</param>
/// <param name="InitiatingParty">Its name.</param>
/// <param name="ReceivedAt">When it was accepted.</param>
/// <param name="GroupStatus">ISO 20022: ACCP accepted, ACSP being settled, PART some refused, PDNG only slow ones left,
/// ACSC all settled, RJCT all or the whole message refused.</param>
/// <param name="Reason">Why the whole message was refused.</param>
/// <param name="Payments">The number of payments.</param>
/// <param name="Settled">The number of settled payments.</param>
/// <param name="Rejected">The number of refused payments.</param>
/// <param name="Pending">The number of payments that are not final.</param>
/// <param name="ControlSum">Sum of all amounts as plain numbers.</param>
/// <param name="Results">One page of results, in the order of the file.</param>
/// <param name="Next">Start of the next page; null at the end.</param>
public sealed record ImportStatus(
    Guid ImportId, string MessageName, string MessageId, string CreatedAt, string InitiatingParty,
    DateTimeOffset ReceivedAt, string GroupStatus, StatusReason? Reason, int Payments, int Settled,
    int Rejected, int Pending, decimal ControlSum, IReadOnlyList<PaymentResult> Results, int? Next);

/// <summary>The result of one payment of an import.</summary>
/// <param name="Index">Its place in the file, from 0.</param>
/// <param name="Status">ACSC settled, RJCT refused, PDNG not final yet.</param>
/// <param name="InstructionBlockId">PmtInfId.</param>
/// <param name="InstructionId">InstrId.</param>
/// <param name="EndToEndId">EndToEndId.</param>
/// <param name="Uetr">UETR.</param>
/// <param name="Amount">The amount as written; null if it is not an amount.</param>
/// <param name="Currency">Its currency; null if it is not a currency.</param>
/// <param name="TransferId">The transfer, if one was made.</param>
/// <param name="Reason">Why it was refused.</param>
public sealed record PaymentResult(
    int Index, string Status, string InstructionBlockId, string? InstructionId, string EndToEndId, string? Uetr,
    string? Amount, string? Currency, Guid? TransferId, StatusReason? Reason)
{
    internal bool IsFinal => Status != PaymentStatus.Pending;
}

/// <summary>ISO 20022 status codes of groups and payments.</summary>
internal static class PaymentStatus
{
    /// <summary>Accepted; nothing is settled yet.</summary>
    public const string Accepted = "ACCP";

    /// <summary>Settlement is in progress.</summary>
    public const string InProcess = "ACSP";

    /// <summary>Settled.</summary>
    public const string Settled = "ACSC";

    /// <summary>Some were refused, others not.</summary>
    public const string Partial = "PART";

    /// <summary>Not final yet.</summary>
    public const string Pending = "PDNG";

    /// <summary>Refused.</summary>
    public const string Rejected = "RJCT";

    /// <summary>The status of a group, from the results of its payments.</summary>
    internal static string OfGroup(int payments, int settled, int rejected, bool isAllTried) =>
        rejected == payments ? Rejected
        : settled == payments ? Settled
        : rejected > 0 ? Partial
        : settled == 0 && !isAllTried ? Accepted
        : isAllTried ? Pending
        : InProcess;
}
