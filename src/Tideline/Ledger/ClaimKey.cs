namespace Tideline.Ledger;

/// <summary>
/// A name within a space, such as an IBAN within <c>iban</c>. The claimer chooses the space. A space has up to
/// <see cref="LedgerLimits.ClaimSpaceCharacters"/>, a name up to <see cref="LedgerLimits.ClaimNameCharacters"/>.
/// </summary>
public readonly record struct ClaimKey(string Space, string Name)
{
    /// <summary>The hash that places a name on a shard.</summary>
    internal Guid RouteId => Idempotency.Key("claim", $"{Space}:{Name}");
}
