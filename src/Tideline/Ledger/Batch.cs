namespace Tideline.Ledger;

/// <summary>One group commit in the making.</summary>
internal sealed class Batch;
