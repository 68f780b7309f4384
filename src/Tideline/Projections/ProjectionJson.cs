using System.Text.Json.Serialization;

namespace Tideline.Projections;

/// <summary>
/// The JSON of states and messages of projections: camel case, nulls left out. What the program never writes, such as a
/// field of another name, is not read.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
        AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ActiveViews))]
[JsonSerializable(typeof(DeadLetterState))]
[JsonSerializable(typeof(DeadLetterData))]
[JsonSerializable(typeof(ViewUpdated))]
internal sealed partial class ProjectionJson : JsonSerializerContext;
