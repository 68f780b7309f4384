using System.Collections.Frozen;

namespace Tideline.Kernel;

/// <summary>
/// An International Bank Account Number (ISO 13616) in its electronic form: capital letters and digits, no spaces,
/// valid check digits.
/// </summary>
public readonly record struct Iban
{
    // Source: the SWIFT IBAN registry; country code and total length.
    private static readonly FrozenDictionary<string, int> Lengths = (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
            + "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 " +
        "GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 "
            + "MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 " +
        "NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 "
            + "TN24 TR26 UA29 VA22 VG24 XK20 YE30")
        .Split(' ').ToFrozenDictionary(entry => entry[..2], entry =>
            int.Parse(entry.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private readonly string? _text;

    private Iban(string text) => _text = text;

    /// <summary>Countries of the registry, ISO 3166 alpha-2.</summary>
    public static IEnumerable<string> Countries => Lengths.Keys;

    /// <summary>The country's ISO 3166 alpha-2 code.</summary>
    public string Country => ToString()[..2];

    /// <summary>Parses an IBAN. Spaces between groups and lower-case letters are accepted.</summary>
    /// <returns>Null on success, else a sentence that says what is wrong.</returns>
    public static string? TryParse(string? text, out Iban iban)
    {
        iban = default;
        if (string.IsNullOrWhiteSpace(text) || text.Length > Limits.IbanCharacters)
            return "An IBAN is up to 34 letters and digits, such as \"DE89370400440532013000\".";
        var plain = text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        if (plain.Length < 5) return $"'{text}' is not an IBAN: it is too short.";
        if (!plain.All(char.IsAsciiLetterOrDigit))
            return $"'{text}' is not an IBAN: it may contain only letters and digits.";
        if (!Lengths.TryGetValue(plain[..2], out var length))
            return $"'{text}' is not an IBAN: the IBAN registry has no country '{plain[..2]}'.";
        if (plain.Length != length)
            return $"'{text}' is not an IBAN: in {plain[..2]} it has {length} characters, here {plain.Length}.";
        if (!char.IsAsciiDigit(plain[2]) || !char.IsAsciiDigit(plain[3]) || Remainder(plain) != 1)
            return $"'{text}' is not an IBAN: its check digits are wrong.";
        iban = new Iban(plain);
        return null;
    }

    /// <summary>Makes the IBAN for a basic bank account number by computing the check digits.</summary>
    /// <exception cref="TidelineException">InvalidInput: unknown country or wrong length.</exception>
    public static Iban Create(string country, string accountNumber)
    {
        if (!Lengths.TryGetValue(country, out var length)
            || length != accountNumber.Length + 4 || !accountNumber.All(char.IsAsciiLetterOrDigit))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"'{accountNumber}' is not a basic bank account number of '{country}'.");
        var number = accountNumber.ToUpperInvariant();
        var check = 98 - Remainder(country + "00" + number);
        return new Iban(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{country}{check:00}{number}"));
    }

    /// <summary>The electronic form, without spaces.</summary>
    public override string ToString() => _text ?? "";

    // ISO 7064 MOD 97-10 over the number with its first four characters moved to the end and A = 10 … Z = 35.
    private static int Remainder(string plain)
    {
        var remainder = 0;
        for (var place = 0; place < plain.Length; place++)
        {
            var letter = plain[(place + 4) % plain.Length];
            remainder = char.IsAsciiDigit(letter)
                ? (remainder * 10 + (letter - '0')) % 97
                : (remainder * 100 + (letter - 'A' + 10)) % 97;
        }

        return remainder;
    }
}
