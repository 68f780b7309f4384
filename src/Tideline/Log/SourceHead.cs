namespace Tideline.Log;

/// <summary>How far a stream of a shard is on a topic.</summary>
/// <param name="Seq">Up to which number all of it is there.</param>
/// <param name="LostThrough">Up to which number neither log nor ledger had it when its source began; 0 if none.</param>
internal readonly record struct SourceHead(long Seq, long LostThrough);
