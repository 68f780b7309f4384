using System.Buffers.Binary;
using MongoDB.Bson;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Walks the elements of a BSON document (bsonspec.org, version 1.1) where it lies.</summary>
internal ref struct BsonElements(ReadOnlySpan<byte> document)
{
    private readonly ReadOnlySpan<byte> _document = document[..BinaryPrimitives.ReadInt32LittleEndian(document)];
    private int _at = 4;

    public BsonType Type { get; private set; }

    public ReadOnlySpan<byte> Name { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The text of a string value.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> value) => value[4..^1];

    /// <summary>The bytes of a binary value.</summary>
    public static ReadOnlySpan<byte> Binary(ReadOnlySpan<byte> value) => value[5..];

    /// <summary>Goes to the next element.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        Type = (BsonType)_document[_at++];
        if (Type == BsonType.EndOfDocument) return false;
        var rest = _document[_at..];
        Name = rest[..rest.IndexOf((byte)0)];
        rest = rest[(Name.Length + 1)..];
        Value = rest[..Size(rest)];
        _at += Name.Length + 1 + Value.Length;
        return true;
    }

    private readonly int Size(ReadOnlySpan<byte> rest) => Type switch
    {
        BsonType.Null or BsonType.Undefined or BsonType.MinKey or BsonType.MaxKey => 0,
        BsonType.Boolean => 1,
        BsonType.Int32 => 4,
        BsonType.Int64 or BsonType.Double or BsonType.DateTime or BsonType.Timestamp => 8,
        BsonType.ObjectId => 12,
        BsonType.Decimal128 => 16,
        BsonType.String or BsonType.JavaScript or BsonType.Symbol => 4 + BinaryPrimitives.ReadInt32LittleEndian(rest),
        BsonType.Binary => 5 + BinaryPrimitives.ReadInt32LittleEndian(rest),
        BsonType.Document or BsonType.Array => BinaryPrimitives.ReadInt32LittleEndian(rest),
        // Of the others it matters only that JSON cannot say them: they end the walk.
        _ => rest.Length - 1,
    };
}
