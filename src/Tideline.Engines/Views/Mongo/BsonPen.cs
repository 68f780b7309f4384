using System.Buffers.Binary;
using MongoDB.Bson;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Writes BSON (bsonspec.org, version 1.1) into one buffer that is used again: a batch of documents is written without
/// a tree of each.
/// </summary>
internal sealed class BsonPen
{
    private byte[] _bytes = new byte[8_192];

    /// <summary>Bytes written; set back to drop what came after.</summary>
    public int Length { get; set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Opens a document or an array; what comes next stands in it.</summary>
    /// <returns>Its place, for <see cref="End"/>.</returns>
    public int Begin()
    {
        var start = Length;
        Take(4);
        return start;
    }

    /// <summary>Closes a document or an array.</summary>
    public void End(int start)
    {
        Take(1)[0] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start), Length - start);
    }

    /// <summary>The head of an element: its type and its name, which holds no zero byte.</summary>
    /// <returns>Its place, for <see cref="Retype"/>.</returns>
    public int Name(BsonType type, ReadOnlySpan<byte> name)
    {
        var start = Length;
        var place = Take(name.Length + 2);
        place[0] = (byte)type;
        name.CopyTo(place[1..]);
        place[^1] = 0;
        return start;
    }

    /// <summary>Gives an element the type that its value turned out to have.</summary>
    public void Retype(int start, BsonType type) => _bytes[start] = (byte)type;

    public void Long(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void Boolean(bool value) => Take(1)[0] = value ? (byte)1 : (byte)0;

    public void Decimal(Decimal128 value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value.GetIEEELowBits());
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value.GetIEEEHighBits());
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        var place = Take(4 + utf8.Length + 1);
        BinaryPrimitives.WriteInt32LittleEndian(place, utf8.Length + 1);
        utf8.CopyTo(place[4..]);
        place[^1] = 0;
    }

    public void Binary(BsonBinarySubType type, ReadOnlySpan<byte> bytes)
    {
        var place = Take(4 + 1 + bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(place, bytes.Length);
        place[4] = (byte)type;
        bytes.CopyTo(place[5..]);
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
