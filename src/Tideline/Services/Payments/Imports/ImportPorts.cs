using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Services.Accounts;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// What an import needs from the rest of the program: reserving a debtor's message id for the import, finding the
/// account of an IBAN and the customer of an account, making a transfer once, and looking one up.
/// </summary>
/// <param name="TakeMessage">
/// Reserves a debtor's message id, named by a key, for an import; false if another import of the installation has it.
/// Durable when it returns, and idempotent.
/// </param>
public sealed record ImportPorts(
    Func<Guid, Guid, CancellationToken, Task<bool>> TakeMessage,
    Func<string, CancellationToken, ValueTask<Guid?>> FindIban,
    Func<Guid, CancellationToken, ValueTask<Guid?>> FindOwner,
    Func<TransferRequest, CancellationToken, Task<TransferReply>> Transfer,
    Func<Guid, CancellationToken, Task<TransferDetails?>> GetTransfer)
{
    /// <summary>The ports to the real ledger and transfers.</summary>
    public static ImportPorts Of(GeneralLedger ledger, Transfers transfers) => new(
        (key, importId, cancel) => TakeAsync(ledger, key, importId).WaitAsync(cancel),
        ledger.FindIbanAsync,
        async (account, cancel) =>
            (await ledger.ReaderOf(account).GetAccountAsync(account, cancel))?.CustomerId,
        transfers.TransferAsync, transfers.GetTransferAsync);

    private static async Task<bool> TakeAsync(GeneralLedger ledger, Guid key, Guid importId)
    {
        var taking = new ReserveKey(importId) { Key = key, Fingerprint = importId };
        return (await ledger.SubmitAsync(ledger.Map.ShardOf(key), taking)).Refusal is null;
    }
}
