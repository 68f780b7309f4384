namespace Tideline.Tools.Load;

/// <summary>A caller's connection ended before its answer came: the work may have been done.</summary>
internal sealed class ConnectionLostException(string process) : Exception($"{process} ended before it answered.");
