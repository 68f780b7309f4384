using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Services.Payments;

/// <summary>The commands of payments, as processes forward them to each other.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition =
        JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true, UseStringEnumConverter = true,
    Converters = [typeof(CurrencyJson)])]
[JsonSerializable(typeof(StartTransfer))]
[JsonSerializable(typeof(PostTransaction))]
internal sealed partial class PaymentsJson : JsonSerializerContext;
