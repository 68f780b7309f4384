using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Services.Accounts;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// What an import needs of the rest of the program: taking a debtor's message id for the import, whose account an IBAN
/// is, whose customer's an account is, making a transfer once, and asking after one.
/// </summary>
/// <param name="TakeMessage">
/// Takes a debtor's message id, named by a key, for an import; false when another import of the installation has it.
/// Durable when it returns, and repeatable.
/// </param>
public sealed record ImportPorts(
    Func<Guid, Guid, CancellationToken, Task<bool>> TakeMessage,
    Func<string, CancellationToken, ValueTask<Guid?>> FindIban,
    Func<Guid, CancellationToken, ValueTask<Guid?>> FindOwner,
    Func<TransferRequest, CancellationToken, Task<TransferReply>> Transfer,
    Func<Guid, CancellationToken, Task<TransferDetails?>> GetTransfer)
{
    /// <summary>The real ones.</summary>
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
