using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// The allowed text of an element without children: the simple types of XML Schema as ISO 20022 uses them.
/// </summary>
/// <param name="Words">A description of the type, as the end of "'x' is not …".</param>
/// <param name="ReasonCode">The reason code for a text that does not match.</param>
/// <param name="Pattern">Matches the whole text.</param>
/// <param name="Characters">The maximum length.</param>
/// <param name="IsCollapsed">Whether spaces around the text are ignored, as in numbers, dates and booleans.</param>
internal sealed record SimpleType(string Words, string ReasonCode, Regex Pattern, int Characters, bool IsCollapsed)
{
    /// <summary>Checks what the pattern cannot: that a date exists, how many digits a number has.</summary>
    private Predicate<string>? Value { get; init; }

    private const string Zone = "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?";
    private const string Date = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    private const string Time = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,15})?";

    // The characters of the SEPA and Swiss credit transfer rules for references.
    private const string Reference = "[A-Za-z0-9+?/:().,'| \\-]{1,35}";

    // The characters that Swiss banks forward in names, addresses and remittance information.
    private const string SwissText =
        "[A-Za-z0-9.,;:'+\\-/()?*\\[\\]{}\\\\`´~ !\"#%&<>÷=@_$£àáâäçèéêëìíîïñòóôöùúûüýßÀÁÂÄÇÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜÑ]*";

    private static readonly FrozenDictionary<string, SimpleType> Named = new Dictionary<string, SimpleType>
    {
        ["id"] = Text("an identifier of 1 to 35 characters that SEPA allows", Reference, 35),
        ["count"] = Text("a number of transactions", "[0-9]{1,15}", 15),
        ["sum"] = Number("a decimal of up to 18 digits without a sign", StatusReasonCodes.InvalidControlSum, 18, 17),
        ["decimal"] = Number("a decimal of up to 18 digits without a sign", StatusReasonCodes.SyntaxError, 18, 17),
        ["amount"] = Number("an amount: digits and at most 5 decimals, no sign", StatusReasonCodes.InvalidAmount,
            18, 5),
        ["euros"] = Number("an amount from 0.01 to 999999999.99", StatusReasonCodes.InvalidAmount, 11, 2) with
        {
            Value = text => HasDigits(text, 11, 2)
                && decimal.Parse(text, CultureInfo.InvariantCulture) is >= 0.01m and <= 999_999_999.99m,
        },
        ["number"] = new("a whole number", StatusReasonCodes.SyntaxError, Whole("[+-]?[0-9]{1,18}(\\.0*)?"), 40, true),
        ["rate"] = new("a rate", StatusReasonCodes.SyntaxError, Whole("[+-]?[0-9]{1,11}(\\.[0-9]{0,10})?"), 40, true)
        {
            Value = text => HasDigits(text.TrimStart('+', '-'), 11, 10),
        },
        ["currency"] = Text("a currency code of three capital letters", "[A-Z]{3}", 3) with
        {
            ReasonCode = StatusReasonCodes.NotAllowedCurrency,
        },
        ["iban"] = Text("an IBAN in its electronic form", "[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}", 34) with
        {
            ReasonCode = StatusReasonCodes.IncorrectAccountNumber,
        },
        ["bic"] = Text("a BIC", "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", 11),
        ["bicfi"] = Text("a BIC", "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", 11),
        ["lei"] = Text("a legal entity identifier", "[A-Z0-9]{18}[0-9]{2}", 20),
        ["uuid"] = Text("a UUID of version 4 in small letters",
            "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}", 36),
        ["country"] = Text("a country code of two capital letters", "[A-Z]{2}", 2),
        ["phone"] = Text("a telephone number such as +49-301234567", "\\+[0-9]{1,3}-[0-9()+\\-]{1,30}", 35),
        ["alphanumeric4"] = Text("four letters and digits", "[a-zA-Z0-9]{4}", 4),
        ["digits2"] = Text("two digits", "[0-9]{2}", 2),
        ["bool"] = new("true or false", StatusReasonCodes.SyntaxError, Whole("true|false|1|0"), 5, true),
        ["date"] = new("a date such as 2026-01-31", StatusReasonCodes.InvalidDate, Whole(Date + Zone), 16, true)
        {
            Value = IsoTime.IsCalendarDay,
        },
        ["dateTime"] = new(
            "a time such as 2026-01-31T09:30:00Z", StatusReasonCodes.InvalidDate, Whole(Date + Time + Zone), 41, true)
        {
            Value = IsoTime.IsCalendarDay,
        },
        ["year"] = new("a year such as 2026", StatusReasonCodes.SyntaxError, Whole("[0-9]{4}" + Zone), 10, true),
        ["base64"] = new("base64", StatusReasonCodes.SyntaxError, Whole("[A-Za-z0-9+/= \n\r\t]+"), 16_384, true),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The type with this name in the table.</summary>
    public static SimpleType Parse(string name, bool isSwiss)
    {
        if (Named.TryGetValue(name, out var type)) return type;
        if (name[0] == '(')
        {
            var codes = name[1..^1].Split(',');
            return Text("one of " + string.Join(", ", codes), string.Join('|', codes), codes.Max(code => code.Length));
        }

        var limit = int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture);
        var words = string.Create(CultureInfo.InvariantCulture, $"a text of 1 to {limit} characters");
        return isSwiss ? Text(words + " that Swiss banks forward", SwissText, limit) : Text(words, "[\\s\\S]+", limit);
    }

    /// <summary>The text in the normal form of its type: without outer spaces where they are ignored.</summary>
    public string Normalize(string text) => IsCollapsed ? text.Trim(' ', '\t', '\r', '\n') : text;

    /// <summary>Whether a normalized text is of this type. A text that is only spaces never is.</summary>
    public bool Admits(string text)
    {
        if (text.Length > Characters || string.IsNullOrWhiteSpace(text) || !Pattern.IsMatch(text)) return false;
        return Value is null || Value(text);
    }

    private static Regex Whole(string pattern) => new($"\\A(?:{pattern})\\z", RegexOptions.CultureInvariant);

    private static SimpleType Text(string words, string pattern, int characters) =>
        new(words, StatusReasonCodes.SyntaxError, Whole(pattern), characters, IsCollapsed: false);

    private static SimpleType Number(string words, string code, int digits, int decimals) =>
        new(words, code, Whole("[0-9]+(\\.[0-9]*)?|\\.[0-9]+"), Limits.AmountCharacters, IsCollapsed: true)
        {
            Value = text => HasDigits(text, digits, decimals),
        };

    // Leading zeros and trailing zeros of the decimals are not counted: the schema limits the value, not the text.
    private static bool HasDigits(string text, int total, int decimals)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = (point < 0 ? text : text[..point]).TrimStart('0').Length;
        var fraction = point < 0 ? 0 : text[(point + 1)..].TrimEnd('0').Length;
        return fraction <= decimals && whole + fraction <= total;
    }
}
