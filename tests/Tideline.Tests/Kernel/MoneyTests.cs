using CsCheck;
using Tideline.Kernel;

namespace Tideline.Tests.Kernel;

public sealed class MoneyTests
{
    [Theory]
    [InlineData("12.34", "EUR", 1234)]
    [InlineData("0.01", "EUR", 1)]
    [InlineData("7", "EUR", 700)]
    [InlineData("7.5", "EUR", 750)]
    [InlineData("-7.5", "EUR", -750)]
    [InlineData("1200", "JPY", 1200)]
    [InlineData("1.234", "KWD", 1234)]
    public void A_decimal_string_becomes_minor_units(string text, string currency, long minor)
    {
        Money.TryParse(text, Currency.Parse(currency), out var money).ShouldBeNull();
        money.Minor.ShouldBe(minor);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12.345")]
    [InlineData("1e3")]
    [InlineData("1,000")]
    [InlineData(" 1")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("٣")]
    [InlineData("99999999999999999999")]
    [InlineData("0.000000000000000000000000001")]
    public void What_is_no_amount_is_refused_with_a_sentence(string text)
    {
        var problem = Money.TryParse(text, Currency.Parse("EUR"), out _);
        problem.ShouldNotBeNull();
        problem.ShouldEndWith(".");
    }

    [Fact]
    public void Writing_and_reading_is_neutral() => Gen.Select(Gen.Long[-Limits.AmountMinor, Limits.AmountMinor],
        Gen.Int[0, 3].Select(index => new[] { "EUR", "JPY", "KWD", "CLF" }[index])).Sample((minor, code) =>
    {
        var money = new Money(minor, Currency.Parse(code));
        Money.TryParse(money.ToDecimalString(), money.Currency, out var back).ShouldBeNull();
        back.ShouldBe(money);
    });

    [Fact]
    public void A_sum_that_does_not_fit_throws() => Should.Throw<OverflowException>(
        () => new Money(long.MaxValue, Currency.Parse("EUR")) + new Money(1, Currency.Parse("EUR")));

    [Fact]
    public void Two_currencies_do_not_add_up() => Should.Throw<InvalidOperationException>(
        () => new Money(1, Currency.Parse("EUR")) + new Money(1, Currency.Parse("USD")));
}
