namespace Tideline.Host.Running;

/// <summary>
/// The node said no to an operation, in the words of <paramref name="detail"/>: exit 1, where a node that could not be
/// asked is exit 2.
/// </summary>
internal sealed class NodeRefusal(string detail) : Exception(detail);
