using System.Buffers.Binary;
using System.Security.Cryptography;
using Tideline.Kernel;

namespace Tideline.Ledger.Audit;

/// <summary>
/// The hash of a block in the making: SHA-256(previous hash ‖ number ‖ from ‖ through ‖ SHA-256 of the events), integers big-endian. An event counts with its sequence
/// number, type, subject, version, time, length of data and data.
/// </summary>
internal sealed class BlockHash : IDisposable
{
    private const int EventHeadBytes = 8 + 4 + 16 + 8 + 8 + 4;

    private readonly IncrementalHash _events = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(LedgerEvent happened)
    {
        Span<byte> head = stackalloc byte[EventHeadBytes];
        BinaryPrimitives.WriteInt64BigEndian(head, happened.Position.Seq);
        BinaryPrimitives.WriteInt32BigEndian(head[8..], (int)happened.Type);
        happened.Subject.TryWriteBytes(head[12..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(head[28..], happened.Version);
        BinaryPrimitives.WriteInt64BigEndian(head[36..], happened.TimeUs);
        BinaryPrimitives.WriteInt32BigEndian(head[44..], happened.Data.Length);
        _events.AppendData(head);
        _events.AppendData(happened.Data.Span);
    }

    /// <summary>The hash of the block with all events added so far; begins anew.</summary>
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
