namespace Tideline.Tools.Load;

/// <summary>An installation that clients work on: simulated, or of real processes.</summary>
internal interface IBankUnderTest
{
    /// <summary>Its nodes; each takes requests.</summary>
    int Nodes { get; }

    /// <summary>The time since the start of the run, µs.</summary>
    long ElapsedUs { get; }

    /// <summary>Whether a hold expires so soon that its event would fall into the checks.</summary>
    bool IsExpiryNear { get; }

    /// <summary>
    /// The newest durable event of each shard; empty if it cannot be seen from here.
    /// </summary>
    long[] Heads();

    /// <summary>Adds to the trace of the run.</summary>
    void Note(ulong what);

    /// <summary>Sends a request to a node.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="target">Path and query.</param>
    /// <param name="headers">Names and values.</param>
    /// <param name="body">The JSON of the body; null: none.</param>
    /// <exception cref="ConnectionLostException">No answer came: whether it was done is unknown.</exception>
    Task<BankAnswer> SendAsync(
        int node, string method, string target, IReadOnlyList<(string Name, string Value)> headers, string? body);
}

/// <summary>An answer over HTTP.</summary>
/// <param name="Status">The status.</param>
/// <param name="Token">The header <c>Tideline-Token</c>; empty: none.</param>
/// <param name="ServedBy">The header <c>Tideline-Served-By</c>; empty: none.</param>
/// <param name="Body">The body.</param>
internal sealed record BankAnswer(int Status, string Token, string ServedBy, ReadOnlyMemory<byte> Body);
