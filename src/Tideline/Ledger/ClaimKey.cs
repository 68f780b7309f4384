namespace Tideline.Ledger;

/// <summary>
/// A name within a space, such as an IBAN within <c>iban</c>. Whoever claims gives the space: up to
/// <see cref="Kernel.Limits.ClaimSpaceCharacters"/>, the name up to <see cref="Kernel.Limits.ClaimNameCharacters"/>.
/// </summary>
public readonly record struct ClaimKey(string Space, string Name)
{
    /// <summary>The hash that places a name on a shard.</summary>
    internal Guid RouteId => Idempotency.Key("claim", $"{Space}:{Name}");
}
