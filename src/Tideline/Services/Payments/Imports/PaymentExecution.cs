using System.Globalization;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>Executes one payment of an import, once however often it is retried, and returns its result.</summary>
internal sealed class PaymentExecution(
    ImportPorts seam, ImportManifest manifest, ImportFaults faults, TimeProvider time, ILogger logger)
{
    private const string NotProvided = "NOTPROVIDED";

    private readonly DateOnly _today = DateOnly.FromDateTime(DateTime.UnixEpoch.AddMicroseconds(manifest.ReceivedUs));

    /// <summary>The result of a payment with a status.</summary>
    public static PaymentResult Result(
        int index, PaymentInstruction instruction, PaymentOrder payment, string status, Guid? transferId = null,
        StatusReason? reason = null) =>
        new(
            index, status, instruction.Id, payment.InstructionId, payment.EndToEndId, payment.Uetr, payment.AmountText,
            payment.CurrencyCode, transferId, reason);

    /// <summary>
    /// Reserves the message id for one debtor, retrying until there is an answer: two nodes may have received files
    /// with the same id.
    /// </summary>
    /// <returns>Why nothing may be paid from this debtor's account; null if payments may be made.</returns>
    public async Task<StatusReason?> TakeMessageAsync(string payer, CancellationToken cancel)
    {
        // Without a debtor's account there is nothing to reserve: each payment is refused by itself.
        if (payer.Length == 0) return null;
        var key = Idempotency.Key($"message:{payer}", manifest.MessageId);
        var isFree = await UntilAnsweredAsync(
            payer, "its message id", () => seam.TakeMessage(key, manifest.ImportId, cancel), cancel);
        if (isFree) return null;
        var words = $"MsgId '{manifest.MessageId}' was used with other content for {payer}, on another node.";
        return new StatusReason(StatusReasonCodes.DuplicateMessageId, words);
    }

    /// <summary>Retries until there is an answer; PDNG while its transfer is in progress.</summary>
    public async Task<PaymentResult> ExecuteAsync(
        int index, PaymentInstruction instruction, PaymentOrder payment, CancellationToken cancel)
    {
        // Checks that need only the message.
        if (Judge(instruction, payment, out var amount) is { } wrong)
            return Result(index, instruction, payment, PaymentStatus.Rejected, null, wrong);
        var place = index.ToString(CultureInfo.InvariantCulture);
        return await UntilAnsweredAsync(
            place, $"payment {place}", () => TryAsync(index, instruction, payment, amount, cancel), cancel);
    }

    /// <summary>Looks up the transfer of a pending payment; null while it is in progress.</summary>
    public async Task<PaymentResult?> SettleAsync(PaymentResult pending, CancellationToken cancel)
    {
        if (pending.TransferId is not { } transferId) return null;
        var transfer = await seam.GetTransfer(transferId, cancel);
        return transfer?.Status switch
        {
            TransferStatus.Settled => pending with { Status = PaymentStatus.Settled },
            TransferStatus.Refused => pending with
            {
                Status = PaymentStatus.Rejected,
                Reason = transfer.Refusal is null ? new StatusReason(
                    StatusReasonCodes.Narrative, "The transfer was reversed.") : StatusReason.From(transfer.Refusal),
            },
            _ => null,
        };
    }

    // After a fault the outcome is unknown: retry with the same key, with growing rests.
    private async Task<T> UntilAnsweredAsync<T>(
        string place, string what, Func<Task<T>> ask, CancellationToken cancel)
    {
        for (var waitMs = PaymentLimits.ImportRetryMs; ; waitMs = Math.Min(waitMs * 2, PaymentLimits.ImportRetryMaxMs))
        {
            try
            {
                var answer = await ask();
                faults.Clear(manifest.ImportId, place);
                return answer;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
            {
                ImportLog.NotAnswered(logger, manifest.ImportId, what, fault);
                faults.Set(manifest.ImportId, place, what, fault.Message);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(waitMs), time, cancel);
        }
    }

    private async Task<PaymentResult> TryAsync(
        int index, PaymentInstruction instruction, PaymentOrder payment, Money amount, CancellationToken cancel)
    {
        PaymentResult Rejected(StatusReason reason) =>
            Result(index, instruction, payment, PaymentStatus.Rejected, null, reason);

        try
        {
            // :: 1  The accounts of the IBANs.
            const string DebtorCode = StatusReasonCodes.InvalidDebtorAccountNumber;
            const string CreditorCode = StatusReasonCodes.IncorrectAccountNumber;
            var (debtor, debtorFault) = await ResolveAsync(instruction.Debtor.Iban, "debtor", DebtorCode, cancel);
            if (debtorFault is not null) return Rejected(debtorFault);
            var (creditor, creditorFault) =
                await ResolveAsync(payment.Creditor.Iban, "creditor", CreditorCode, cancel);
            if (creditorFault is not null) return Rejected(creditorFault);

            // :: 2  The transfer, under a key that belongs permanently to this place in this message.
            var request = Request(index, instruction, payment, debtor, creditor, amount) with
            {
                Details = await DetailsAsync(instruction, payment, debtor, creditor, cancel),
            };
            var reply = await seam.Transfer(request, cancel);
            return reply.Status switch
            {
                TransferStatus.Settled => Result(index, instruction, payment, PaymentStatus.Settled, reply.TransferId),
                TransferStatus.Refused => Rejected(reply.Refusal is null ? new StatusReason(
                    StatusReasonCodes.Narrative, "The transfer was refused.") : StatusReason.From(reply.Refusal)),
                _ => Result(index, instruction, payment, PaymentStatus.Pending, reply.TransferId),
            };
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            return Rejected(new StatusReason(StatusReasonCodes.Narrative, fault.Message));
        }
    }

    private StatusReason? Judge(PaymentInstruction instruction, PaymentOrder payment, out Money amount)
    {
        amount = default;
        if ((instruction.Breach ?? payment.Breach) is { } breach) return breach;
        // TRA is also a transfer, with an advice to the debtor: the status report.
        if (instruction.Method is not ("TRF" or "TRA"))
            return new StatusReason(StatusReasonCodes.Narrative,
                $"Payment method '{instruction.Method}' is not offered; TRF and TRA are.");
        if (instruction.RequestedDate is not { } date || date > _today)
        {
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"Execution was requested for {instruction.RequestedDate:yyyy-MM-dd}, after {_today:yyyy-MM-dd} (UTC); "
                + $"scheduled payments are not offered.");
            return new StatusReason(StatusReasonCodes.InvalidDate, words);
        }

        if (payment.IsEquivalentAmount) return new StatusReason(
            StatusReasonCodes.InvalidAmount, "EqvtAmt requires a conversion, which is not offered; send an InstdAmt.");
        if (!Currency.TryParse(payment.CurrencyCode, out var currency))
            return new StatusReason(StatusReasonCodes.NotAllowedCurrency,
                $"'{payment.CurrencyCode}' is not an ISO 4217 currency.");
        if ((instruction.Debtor.Currency ?? currency.Code) != currency.Code
            || (payment.Creditor.Currency ?? currency.Code) != currency.Code)
            return new StatusReason(StatusReasonCodes.NotAllowedCurrency,
                $"An account in another currency than {currency.Code} requires a conversion, which is not offered.");
        if (Money.TryParse(payment.AmountText, currency, out amount) is { } wrong)
            return new StatusReason(StatusReasonCodes.InvalidAmount, wrong);
        if (amount.Minor > 0) return null;
        var zero = $"An amount must be greater than zero; '{payment.AmountText}' is not.";
        return new StatusReason(StatusReasonCodes.InvalidAmount, zero);
    }

    private async ValueTask<(Guid Account, StatusReason? Fault)> ResolveAsync(
        string? text, string whose, string code, CancellationToken cancel)
    {
        if (text is null) return (default, new StatusReason(code, $"The {whose} account has no IBAN."));
        if (Iban.TryParse(text, out var iban) is { } wrong)
            return (default, new StatusReason(code, $"The {whose} account: {wrong}"));
        return await seam.FindIban(iban.ToString(), cancel) is { } account
            ? (account, null)
            : (default, new StatusReason(code, $"No account here has the {whose}'s IBAN {iban}."));
    }

    private async Task<TransactionDetails> DetailsAsync(
        PaymentInstruction instruction, PaymentOrder payment, Guid debtor, Guid creditor, CancellationToken cancel)
    {
        var parties = new PaymentParties
        {
            Debtor = new PaymentParty(instruction.DebtorName, IbanOf(instruction.Debtor)),
            Creditor = new PaymentParty(payment.CreditorName, IbanOf(payment.Creditor)),
            EndToEndId = payment.EndToEndId == NotProvided ? null : payment.EndToEndId,
            StructuredReference = payment.StructuredReference,
            Remittance = payment.Remittance.Count == 0 ? null : [.. payment.Remittance],
        };
        var (payer, payee) = (await seam.FindOwner(debtor, cancel), await seam.FindOwner(creditor, cancel));
        return new TransactionDetails { Personal = parties.ToParts(payer, payee) };
    }

    private static string? IbanOf(AccountName account) =>
        Iban.TryParse(account.Iban, out var iban) is null ? iban.ToString() : null;

    private TransferRequest Request(
        int index, PaymentInstruction instruction, PaymentOrder payment, Guid debtor, Guid creditor, Money amount)
    {
        // Without remittance text, the end-to-end id lets both ends recognise the payment.
        var reference = payment.Reference ?? (payment.EndToEndId == NotProvided ? null : payment.EndToEndId);
        var culture = CultureInfo.InvariantCulture;
        var (block, endToEnd) = (instruction.Id, payment.EndToEndId);
        var fingerprint = string.Create(
            culture,
            $"import:{debtor}:{creditor}:{amount.Minor}:{amount.Currency.Code}:"
            + $"{block.Length}:{block}:{endToEnd.Length}:{endToEnd}:{reference}");
        // The key consists of debtor, message id and place in the message. Whatever else a second file with that id
        // contains, this place is paid once, on whichever node the file arrived.
        var scope = $"import:{MessageClaims.Payer(instruction)}:{manifest.MessageId}";
        var key = Idempotency.Key(scope, index.ToString(culture));
        return new TransferRequest(debtor, creditor, amount, reference, key,
            Idempotency.Fingerprint(fingerprint));
    }
}

/// <summary>Log messages of imports.</summary>
internal static partial class ImportLog
{
    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Import {ImportId}, {What}: no answer yet; retrying.")]
    public static partial void NotAnswered(ILogger logger, Guid importId, string what, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "Import {ImportId} stopped; restarting it.")]
    public static partial void ImportFaulted(ILogger logger, Guid importId, Exception fault);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Import {ImportId} is finished: {Settled} settled, {Rejected} rejected.")]
    public static partial void ImportFinished(ILogger logger, Guid importId, int settled, int rejected);
}
