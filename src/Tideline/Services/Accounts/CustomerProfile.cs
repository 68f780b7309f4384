using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Services.Accounts;

/// <summary>
/// A customer's personal data. It is stored as a personal part: the same bytes in row, event and document.
/// </summary>
/// <param name="Name">As the customer writes it.</param>
/// <param name="Email">An e-mail address; searches ignore case.</param>
/// <param name="Country">ISO 3166 alpha-2.</param>
public sealed record CustomerProfile(string Name, string Email, string Country)
{
    // Letters of all languages are not escaped, so that the bytes are readable.
    private static readonly CustomerProfileJson s_plain = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    /// <summary>The personal part of a customer.</summary>
    public PersonalPart ToPart(Guid customerId) =>
        new(customerId, JsonSerializer.SerializeToUtf8Bytes(this, s_plain.CustomerProfile));

    /// <summary>Parses the bytes of a part; null if they cannot be read.</summary>
    public static CustomerProfile? Read(ReadOnlySpan<byte> data)
    {
        try
        {
            return JsonSerializer.Deserialize(data, CustomerProfileJson.Default.CustomerProfile);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether an address is this customer's, ignoring case.</summary>
    public bool HasEmail(string email) => Email.Equals(email, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The key by which views find an address: a hash, so that the address itself is only in the personal part. It does
    /// not protect the address: anyone who guesses the address can compute the hash.
    /// </summary>
    public static string EmailKeyOf(string email) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(email.ToUpperInvariant())).AsSpan(0, 16));
}

/// <summary>The JSON of a customer's profile.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CustomerProfile))]
internal sealed partial class CustomerProfileJson : JsonSerializerContext;
