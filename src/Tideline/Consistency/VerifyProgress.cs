namespace Tideline.Consistency;

/// <summary>
/// Where a running verification is: its check, the shard (null: all together), and how many events, records or rows of
/// how many that check has read there. <paramref name="Total"/> is null if nobody knows it beforehand.
/// </summary>
public sealed record VerifyProgress(string Check, int? Shard = null, long Done = 0, long? Total = null);
