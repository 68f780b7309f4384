using System.Text.Json.Serialization;

namespace Tideline.Services.Analytics;

/// <summary>The JSON of the daily figures: camel case. Anything that the program never writes is rejected.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling =
        JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(DailyFigures))]
internal sealed partial class AnalyticsJson : JsonSerializerContext;
