using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Services.Accounts;

/// <summary>The commands of accounts, as processes forward them to each other.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition =
        JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true, UseStringEnumConverter = true,
    Converters = [typeof(CurrencyJson)])]
[JsonSerializable(typeof(CreateCustomer))]
[JsonSerializable(typeof(OpenAccount))]
[JsonSerializable(typeof(Deposit))]
[JsonSerializable(typeof(Withdraw))]
[JsonSerializable(typeof(PlaceHold))]
[JsonSerializable(typeof(CaptureHold))]
[JsonSerializable(typeof(ReleaseHold))]
[JsonSerializable(typeof(SetAccountStatus))]
internal sealed partial class AccountsJson : JsonSerializerContext;
