using System.Buffers.Text;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// A point in the change stream, as consumers keep it: MongoDB's own resume token, which is nobody's to read, and the
/// cluster time at which it was given, which tells how near it is to the end of the oplog.
/// </summary>
internal sealed record ChangeToken(BsonDocument Resume, BsonTimestamp Time)
{
    /// <exception cref="TidelineException">InvalidInput: not a token of this change log.</exception>
    public static ChangeToken Parse(string text)
    {
        try
        {
            if (text.Length <= Limits.TokenCharacters && Base64Url.IsValid(text)
                && BsonSerializer.Deserialize<BsonDocument>(
                    Base64Url.DecodeFromChars(text)) is { ElementCount: 2 } parts
                && parts.GetValue("time", null) is BsonTimestamp time
                    && parts.GetValue("resume", null) is BsonDocument { ElementCount: > 0 } resume)
            {
                return new ChangeToken(resume, time);
            }
        }
        // Not BSON: that is said below.
        catch (Exception fault) when (fault is FormatException or IOException or BsonException or ArgumentException)
        {
            throw Bad(fault);
        }

        throw Bad(null);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Base64Url.EncodeToString(new BsonDocument { ["time"] = Time, ["resume"] = Resume }.ToBson());

    private static TidelineException Bad(Exception? fault) =>
        new(ErrorCode.InvalidInput, "This is not a resume token of this change log. Send it unchanged.", fault);
}
