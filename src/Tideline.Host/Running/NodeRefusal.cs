namespace Tideline.Host.Running;

/// <summary>
/// The node refused an operation, with the sentence <paramref name="detail"/>: exit 1. A node that could not be reached
/// is exit 2.
/// </summary>
internal sealed class NodeRefusal(string detail) : Exception(detail);
