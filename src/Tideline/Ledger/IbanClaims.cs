using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What accounts claim: their IBANs.</summary>
internal static class IbanClaims
{
    /// <summary>The space of IBANs.</summary>
    public const string Space = "iban";

    /// <summary>What an account's claims say that it is.</summary>
    public const string Kind = "account";

    /// <summary>The refusal of a claim that another one overtook.</summary>
    public static Refusal Abandoned { get; } = new(
        RefusalReason.IbanTaken, "Another request claimed the IBAN before the account was opened.");

    public static ClaimKey Key(string iban) => new(Space, iban);

    public static ClaimRow Claim(string iban, Guid claimId, Guid accountId) =>
        new(Space, iban, claimId, Kind, accountId);

    public static Refusal Taken(string iban) => new(RefusalReason.IbanTaken, $"{iban} belongs to another account.");
}
