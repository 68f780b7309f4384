using System.Text.Json.Serialization.Metadata;

namespace Tideline.Ledger;

/// <summary>
/// A kind of command that one process may forward to another, which owns the shard. Two program versions exchange
/// <paramref name="Name"/> and the JSON during an update: names and fields may be added, but never changed.
/// </summary>
public sealed record CommandKind(string Name, JsonTypeInfo Json);
