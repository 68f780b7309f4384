using System.Globalization;

namespace Tideline.Kernel;

/// <summary>An amount in whole minor units of a currency. Arithmetic is checked: it throws rather than wraps.</summary>
public readonly record struct Money(long Minor, Currency Currency)
{
    /// <summary>
    /// Parses a decimal string such as <c>12.34</c>: digits, one optional point, an optional leading minus; no
    /// exponent, no grouping, and no more decimals than the currency has.
    /// </summary>
    /// <returns>Null on success, else a sentence that says what is wrong.</returns>
    public static string? TryParse(string? text, Currency currency, out Money money)
    {
        money = default;
        if (string.IsNullOrEmpty(text)) return "An amount is a decimal string such as \"12.34\".";
        if (text.Length > Limits.AmountCharacters)
            return $"An amount has {Limits.AmountCharacters} characters at most, this one has {text.Length}.";
        var digits = text.AsSpan(text[0] == '-' ? 1 : 0);
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var decimals = point < 0 ? [] : digits[(point + 1)..];
        if (whole.IsEmpty || whole.ContainsAnyExceptInRange('0', '9')
            || decimals.ContainsAnyExceptInRange('0', '9') || (point >= 0 && decimals.IsEmpty))
            return $"'{text}' is not a decimal amount such as \"12.34\".";
        if (decimals.Length > currency.Exponent)
            return $"'{text}' has {decimals.Length} decimals; {currency.Code} has {currency.Exponent}.";
        Int128 minor = 0;
        foreach (var digit in whole) minor = minor * 10 + (digit - '0');
        for (var place = 0; place < currency.Exponent; place++)
            minor = minor * 10 + (place < decimals.Length ? decimals[place] - '0' : 0);
        if (minor > Limits.AmountMinor)
            return $"'{text}' exceeds the largest movement, {new Money(Limits.AmountMinor, currency)}.";
        money = new Money(text[0] == '-' ? -(long)minor : (long)minor, currency);
        return null;
    }

    /// <summary>The decimal string with all decimals of the currency, as in <c>12.30</c>.</summary>
    public string ToDecimalString()
    {
        if (Currency.Exponent == 0) return Minor.ToString(CultureInfo.InvariantCulture);
        var unit = 1L;
        for (var place = 0; place < Currency.Exponent; place++) unit *= 10;
        var magnitude = (ulong)Int128.Abs(Minor);
        var sign = Minor < 0 ? "-" : "";
        var whole = (magnitude / (ulong)unit).ToString(CultureInfo.InvariantCulture);
        var part = (magnitude % (ulong)unit).ToString(CultureInfo.InvariantCulture).PadLeft(Currency.Exponent, '0');
        return $"{sign}{whole}.{part}";
    }

    /// <summary>Adds amounts of one currency.</summary>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator +(Money left, Money right) =>
        new(checked(left.Minor + Same(left, right).Minor), left.Currency);

    /// <summary>Subtracts amounts of one currency.</summary>
    /// <exception cref="OverflowException">The difference does not fit.</exception>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator -(Money left, Money right) =>
        new(checked(left.Minor - Same(left, right).Minor), left.Currency);

    /// <summary>The negated amount.</summary>
    public static Money operator -(Money money) => new(checked(-money.Minor), money.Currency);

    /// <inheritdoc/>
    public override string ToString() => $"{ToDecimalString()} {Currency.Code}";

    private static Money Same(Money left, Money right) => left.Currency == right.Currency
        ? right
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} amounts cannot be added.");
}
