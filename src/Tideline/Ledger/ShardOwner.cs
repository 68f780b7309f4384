namespace Tideline.Ledger;

/// <summary>A process that owns a shard, as it said when it took it.</summary>
/// <param name="Words">What people are told.</param>
/// <param name="Address">Where others reach it, as in <c>http://node-1:7400</c>; empty when nobody can.</param>
/// <param name="Secret">What it asks of those who send it commands: only who can read the strong tier knows it.
/// Random.</param>
public sealed record ShardOwner(string Words, string Address, Guid Secret)
{
    /// <summary>The words of a process that was given none.</summary>
    public static string ThisProcess => $"process {Environment.ProcessId} on {Environment.MachineName}";

    /// <summary>What may be shown: everything but the secret.</summary>
    public override string ToString() => Address.Length == 0 ? Words : $"{Words} ({Address})";
}
