namespace Tideline.Ledger;

/// <summary>A process that owns a shard, as it described itself when it acquired the shard.</summary>
/// <param name="Words">Its name, as shown to people.</param>
/// <param name="Address">Where other processes reach it, as in <c>http://node-1:7400</c>; empty if none can.</param>
/// <param name="Secret">Random. Processes that forward commands to it must present it; only processes that can read the
/// strong tier know it.</param>
public sealed record ShardOwner(string Words, string Address, Guid Secret)
{
    /// <summary>The default name of a process.</summary>
    public static string ThisProcess => $"process {Environment.ProcessId} on {Environment.MachineName}";

    /// <summary>The part that may be shown: everything except the secret.</summary>
    public override string ToString() => Address.Length == 0 ? Words : $"{Words} ({Address})";
}
