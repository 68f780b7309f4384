using System.Collections.Frozen;

namespace Tideline.Kernel;

/// <summary>An ISO 4217 currency: its code and how many decimals its minor unit has.</summary>
public readonly record struct Currency
{
    // Source: ISO 4217 list one. The lists below name the currencies whose exponent is not 2.
    private const string TwoDecimals =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
            + "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN " +
        "ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK "
            + "LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT " +
        "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
            + "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC " +
        "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";

    private static readonly FrozenDictionary<string, Currency> All = TwoDecimals.Split(' ')
        .Select(code => new Currency(code, 2))
        .Concat("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".Split(' ')
            .Select(code => new Currency(code, 0)))
        .Concat("BHD IQD JOD KWD LYD OMR TND".Split(' ').Select(code => new Currency(code, 3)))
        .Concat("CLF UYW".Split(' ').Select(code => new Currency(code, 4)))
        .ToFrozenDictionary(currency => currency.Code, StringComparer.Ordinal);

    private Currency(string code, int exponent) => (Code, Exponent) = (code, exponent);

    /// <summary>Every currency that this program knows.</summary>
    public static IReadOnlyCollection<Currency> Known => All.Values;

    /// <summary>Three capital letters.</summary>
    public string Code { get; }

    /// <summary>Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.</summary>
    public int Exponent { get; }

    /// <summary>Finds a currency by its code.</summary>
    /// <returns>Whether ISO 4217 lists it.</returns>
    public static bool TryParse(string? code, out Currency currency)
    {
        currency = default;
        return code is not null && All.TryGetValue(code, out currency);
    }

    /// <summary>Finds a currency that is known to exist.</summary>
    /// <exception cref="TidelineException">InvalidInput: no such currency.</exception>
    public static Currency Parse(string code) =>
        TryParse(code, out var currency)
            ? currency
            : throw new TidelineException(ErrorCode.InvalidInput, $"'{code}' is not an ISO 4217 currency.");

    /// <inheritdoc/>
    public override string ToString() => Code;
}
