using System.Buffers.Binary;
using System.Security.Cryptography;
using Tideline.Kernel;

namespace Tideline.Audit;

/// <summary>
/// The hash of an unfinished block: SHA-256(previous hash ‖ number ‖ from ‖ through ‖ SHA-256 of the events).
/// Integers are big-endian. An event contributes its sequence number, type, subject, version, time, length of data and
/// data.
/// </summary>
internal sealed class BlockHash : IDisposable
{
    private readonly IncrementalHash _events = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(LedgerEvent happened) => EventHash.Append(_events, happened);

    /// <summary>The hash of the block with all events added so far; then starts a new block.</summary>
    public byte[] Seal(ReadOnlySpan<byte> previousHash, long number, long fromSeq, long throughSeq)
    {
        Span<byte> links = stackalloc byte[24];
        BinaryPrimitives.WriteInt64BigEndian(links, number);
        BinaryPrimitives.WriteInt64BigEndian(links[8..], fromSeq);
        BinaryPrimitives.WriteInt64BigEndian(links[16..], throughSeq);
        return SHA256.HashData([.. previousHash, .. links, .. _events.GetHashAndReset()]);
    }

    public void Dispose() => _events.Dispose();
}
