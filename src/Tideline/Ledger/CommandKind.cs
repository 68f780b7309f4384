using System.Text.Json.Serialization.Metadata;

namespace Tideline.Ledger;

/// <summary>
/// A kind of command that one process may send to another one, which owns the shard. <paramref name="Name"/> and the
/// JSON are understood by processes of two versions during an update: names and fields are added, never changed.
/// </summary>
public sealed record CommandKind(string Name, JsonTypeInfo Json);
