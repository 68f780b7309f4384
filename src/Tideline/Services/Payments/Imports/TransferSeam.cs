using Tideline.Ledger;

namespace Tideline.Services.Payments.Imports;

/// <summary>What an import needs of the rest of the program: whose account an IBAN is, making a transfer once, and asking after one.</summary>
public sealed record TransferSeam(
    Func<string, CancellationToken, ValueTask<Guid?>> FindIban,
    Func<TransferRequest, CancellationToken, Task<TransferReply>> Transfer,
    Func<Guid, CancellationToken, Task<TransferDetails?>> GetTransfer)
{
    /// <summary>The real ones.</summary>
    public static TransferSeam Of(GeneralLedger ledger, PaymentsService payments) => new(ledger.FindIbanAsync, payments.TransferAsync, payments.GetTransferAsync);
}
