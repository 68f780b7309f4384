using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>The claims of accounts: their IBANs.</summary>
internal static class IbanClaims
{
    /// <summary>The account with an IBAN; null if none has it.</summary>
    public static async ValueTask<Guid?> FindIbanAsync(
        this GeneralLedger ledger, string iban, CancellationToken cancel)
    {
        var key = Key(iban);
        if (await ledger.ReaderOf(key.RouteId).GetClaimAsync(key, cancel) is not { } claim) return null;
        var account = await ledger.ReaderOf(claim.Subject).GetAccountAsync(claim.Subject, cancel);
        return account?.Iban == iban ? claim.Subject : null;
    }

    /// <summary>The space of IBANs.</summary>
    internal const string Space = "iban";

    /// <summary>The kind of subject in an account's claims.</summary>
    internal const string Kind = "account";

    /// <summary>The refusal of a claim that another claim took over.</summary>
    internal static Refusal Abandoned { get; } = new(
        RefusalReason.IbanTaken, "Another request claimed the IBAN before the account was opened.");

    internal static ClaimKey Key(string iban) => new(Space, iban);

    internal static ClaimRow Claim(string iban, Guid claimId, Guid accountId) =>
        new(Space, iban, claimId, Kind, accountId);

    internal static Refusal Taken(string iban) => new(RefusalReason.IbanTaken, $"{iban} belongs to another account.");
}
