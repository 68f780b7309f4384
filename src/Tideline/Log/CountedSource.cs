namespace Tideline.Log;

/// <summary>A source that counts by itself.</summary>
/// <param name="Name">Its name, which may not be on the log yet.</param>
/// <param name="Head">Its newest number; the next record has the one after it.</param>
/// <param name="IsFirst">Whether the log has no record of this producer and shard, of any epoch.</param>
internal readonly record struct CountedSource(string Name, long Head, bool IsFirst)
{
    /// <summary>Whether the log has records of it.</summary>
    public bool IsUsed => Name is not null && Head > SourceName.AfterOf(Name);
}
