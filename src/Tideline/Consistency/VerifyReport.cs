namespace Tideline.Consistency;

/// <summary>What <c>verify</c> found: whether every check held, and each check.</summary>
public sealed record VerifyReport(bool Ok, IReadOnlyList<VerifyCheck> Checks);

/// <summary>
/// One invariant: its number and words, whether it holds, and what was looked at or the findings, a sentence each.
/// </summary>
public sealed record VerifyCheck(string Name, bool Ok, string Detail);
