using CsCheck;
using Tideline.Kernel;

namespace Tideline.Tests.Kernel;

public sealed class IbanTests
{
    private static readonly string[] Countries = [.. Iban.Countries.Order(StringComparer.Ordinal)];

    private static readonly Gen<Iban> Ibans = Gen.Select(Gen.Int[0, Countries.Length - 1]
        .Select(index => Countries[index]), Gen.Char["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"].Array[40])
        .Select((country, letters) => Iban.Create(country, new string(letters, 0, LengthOf(country) - 4)));

    [Theory]
    [InlineData("DE89370400440532013000", "DE")]
    [InlineData("GB82 WEST 1234 5698 7654 32", "GB")]
    [InlineData("fr1420041010050500013m02606", "FR")]
    [InlineData("NO9386011117947", "NO")]
    [InlineData("MT84MALT011000012345MTLCAST001S", "MT")]
    public void The_examples_of_the_registry_are_read(string text, string country)
    {
        Iban.TryParse(text, out var iban).ShouldBeNull();
        iban.Country.ShouldBe(country);
        iban.ToString().ShouldBe(text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("DE")]
    [InlineData("DE88370400440532013000")]
    [InlineData("DE8937040044053201300")]
    [InlineData("QQ89370400440532013000")]
    [InlineData("DE8937040044053201300Ö")]
    [InlineData("DE89370400440532013000DE89370400440532013000")]
    public void What_is_no_iban_is_refused_with_a_sentence(string? text)
    {
        Iban.TryParse(text, out var iban).ShouldNotBeNull().ShouldEndWith(".");
        iban.ShouldBe(default);
    }

    [Fact]
    public void Computed_check_digits_are_right() =>
        Ibans.Sample(iban => Iban.TryParse(iban.ToString(), out var read) is null && read == iban);

    [Fact]
    public void One_changed_digit_is_always_noticed() =>
        Gen.Select(Ibans, Gen.Int[2, 14], Gen.Int[1, 9]).Sample((iban, place, by) =>
    {
        var letters = iban.ToString().ToCharArray();
        if (!char.IsAsciiDigit(letters[place])) return true;
        letters[place] = (char)('0' + (letters[place] - '0' + by) % 10);
        return Iban.TryParse(new string(letters), out _) is not null;
    });

    [Fact]
    public void Two_neighbouring_digits_that_change_places_are_always_noticed() =>
        Gen.Select(Ibans, Gen.Int[4, 12]).Sample((iban, place) =>
    {
        var letters = iban.ToString().ToCharArray();
        if (!char.IsAsciiDigit(letters[place])
            || !char.IsAsciiDigit(letters[place + 1]) || letters[place] == letters[place + 1]) return true;
        (letters[place], letters[place + 1]) = (letters[place + 1], letters[place]);
        return Iban.TryParse(new string(letters), out _) is not null;
    });

    private static int LengthOf(string country)
    {
        for (var length = 11; length < 31; length++)
        {
            try
            {
                return Iban.Create(country, new string('0', length)).ToString().Length;
            }
            catch (TidelineException)
            {
                // Not this country's length.
            }
        }

        throw new InvalidOperationException(country);
    }
}
