using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tideline.Kernel;

/// <summary>
/// The bytes of an event that hashes cover: sequence number, type, subject, version, time, length of data (integers
/// big-endian), then the data. Two events with one hash are the same event.
/// </summary>
internal static class EventHash
{
    private const int HeadBytes = 8 + 4 + 16 + 8 + 8 + 4;

    /// <summary>The SHA-256 of one event.</summary>
    public static byte[] Of(LedgerEvent happened)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, happened);
        return hash.GetHashAndReset();
    }

    /// <summary>Adds an event to an unfinished hash.</summary>
    public static void Append(IncrementalHash hash, LedgerEvent happened)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        BinaryPrimitives.WriteInt64BigEndian(head, happened.Position.Seq);
        BinaryPrimitives.WriteInt32BigEndian(head[8..], (int)happened.Type);
        happened.Subject.TryWriteBytes(head[12..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(head[28..], happened.Version);
        BinaryPrimitives.WriteInt64BigEndian(head[36..], happened.TimeUs);
        BinaryPrimitives.WriteInt32BigEndian(head[44..], happened.Data.Length);
        hash.AppendData(head);
        hash.AppendData(happened.Data.Span);
    }
}
