namespace Tideline.Engines.Log.Kafka;

/// <summary>What a record says of its place among the records of its source.</summary>
/// <param name="Source">Who appended it.</param>
/// <param name="Seq">Its number among the source's records of the topic.</param>
/// <param name="Previous">The number of the source's record before it on the same partition; 0 when it is the first. A
/// reader that has not seen that one knows that something is lost.</param>
/// <param name="Follows">Every record of the source up to this number was on the topic before it, on whichever
/// partition.</param>
internal readonly record struct RecordStamp(string Source, long Seq, long Previous, long Follows);
