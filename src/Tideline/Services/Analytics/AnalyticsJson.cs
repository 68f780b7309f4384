using System.Text.Json.Serialization;

namespace Tideline.Services.Analytics;

/// <summary>The JSON of the daily figures: camel case. What the program never writes is not read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling =
        JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(DailyFigures))]
internal sealed partial class AnalyticsJson : JsonSerializerContext;
