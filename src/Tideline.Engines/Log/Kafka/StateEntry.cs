using System.Text.Json.Serialization;

namespace Tideline.Engines.Log.Kafka;

/// <summary>One record of the state topic: exactly one of its parts is there.</summary>
internal sealed record StateEntry(HistoryEntry? History = null, GroupEntry? Group = null)
{
    /// <summary>What the newer entry replaces.</summary>
    [JsonIgnore]
    public string Key => History is { } history
        ? $"history/{history.Topic}/{history.Partition}"
        : $"group/{Group!.Group}/{Group.Topic}/{Group.Partition}";
}

/// <summary>
/// What was known of a partition when it had been read up to <paramref name="Position"/>, a Kafka offset;
/// <paramref name="TopicId"/> tells a topic from its successor of the same name.
/// </summary>
internal sealed record HistoryEntry(
    string Topic, int Partition, string TopicId, long Position, bool IsWhole, long[] Hidden, Dictionary<string,
        SourceEntry> Sources,
    long Foreign = 0, long LastForeign = 0);

/// <summary>A <see cref="SourceTail"/>.</summary>
internal sealed record SourceEntry(long Last, long Through, long[] Beyond, bool IsSure);

/// <summary>
/// That a group reads a partition, and the Kafka offset at which it goes on, as it was a while ago: Kafka forgets the
/// offsets of groups that rest.
/// </summary>
internal sealed record GroupEntry(string Group, string Topic, int Partition, string TopicId, long Next);

/// <summary>The JSON of <see cref="StateEntry"/>: camel case, and nothing for what is not there.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StateEntry))]
internal sealed partial class StateJson : JsonSerializerContext;
