namespace Tideline.Services;

/// <summary>What a service adds to the verification: a law of its own rows, checked while traffic runs.</summary>
/// <param name="Name">What must hold: a sentence without a full stop.</param>
/// <param name="RunAsync">
/// Checks a shard. Each finding is a sentence that names the row, at most
/// <see cref="Audit.AuditLimits.VerifyFindings"/>; the text says how much was seen.
/// </param>
public sealed record ServiceCheck(
    string Name,
    Func<CheckScope, CancellationToken, Task<(IReadOnlyList<string> Findings, string Seen)>> RunAsync);
