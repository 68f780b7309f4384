namespace Tideline.Consistency;

/// <summary>The result of <c>verify</c>: whether every check passed, and each check.</summary>
public sealed record VerifyReport(bool Ok, IReadOnlyList<VerifyCheck> Checks);

/// <summary>
/// One invariant: its number and name, whether it holds, and what was checked or the findings, one sentence each.
/// </summary>
public sealed record VerifyCheck(string Name, bool Ok, string Detail);
