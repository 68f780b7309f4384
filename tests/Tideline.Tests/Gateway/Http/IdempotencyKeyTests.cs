using Tideline.Gateway;
using Tideline.Gateway.Http;

namespace Tideline.Tests.Gateway.Http;

public sealed class IdempotencyKeyTests
{
    [Theory]
    [InlineData("K", "K")]
    [InlineData(" K", "K")]
    [InlineData("K \t", "K")]
    [InlineData("\"K\"", "K")]
    [InlineData(" \"K\" ", "K")]
    [InlineData("a b", "a b")]
    [InlineData("\"a b\"", "a b")]
    [InlineData("a\"b", "a\"b")]
    [InlineData("\"a\\\"b\"", "a\"b")]
    [InlineData("\"a\\\\b\"", "a\\b")]
    [InlineData("'K'", "'K'")]
    public void Spaces_and_quotes_around_a_key_do_not_count(string given, string key)
    {
        IdempotencyKey.TryRead(given, out var read).ShouldBeTrue();
        read.ShouldBe(key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\" K\"")]
    [InlineData("\"K")]
    [InlineData("K\"")]
    [InlineData("\"\"K\"\"")]
    [InlineData("\"\\\"K\\\"\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"K\\\"")]
    [InlineData("\"K\";a=1")]
    [InlineData("a\tb")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("Schlüssel")]
    [InlineData("a\u007fb")]
    public void A_key_that_could_be_read_in_two_ways_or_not_at_all_is_refused(string given) =>
        IdempotencyKey.TryRead(given, out _).ShouldBeFalse();

    [Fact]
    public void The_limit_counts_what_is_left()
    {
        var longest = new string('k', GatewayLimits.IdempotencyKeyCharacters);
        IdempotencyKey.TryRead($" \"{longest}\" ", out var key).ShouldBeTrue();
        key.ShouldBe(longest);
        IdempotencyKey.TryRead(longest + "k", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_key_is_one_text_in_the_header_and_in_a_batch()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1));
        var body = $$"""{"from":"{{from}}","to":"{{to}}","amount":"1.00","currency":"EUR"}""";
        var ids = new List<string>();
        foreach (var key in (string[])["K", "\"K\"", "K\t"])
            ids.Add((await server.PostAsync("/v1/payments/transfers", body, key))["transferId"]);
        foreach (var key in (string[])["K", " K", "K ", "\\\"K\\\""])
            ids.Add((await server.PostAsync("/v1/payments/transfers:batch",
                body.Replace("}", $",\"idempotencyKey\":\"{key}\"}}", StringComparison.Ordinal), "",
                "application/x-ndjson"))["transferId"]);
        ids.Distinct().ShouldHaveSingleItem();
        (await server.Bank.ReadAsync(to)).PostedMinor.ShouldBe(100);
        foreach (var key in (string[])["", " ", "K\\u0000", "\\u00e9", "\\\"K"])
        {
            var line = await server.PostAsync("/v1/payments/transfers:batch",
                body.Replace("}", $",\"idempotencyKey\":\"{key}\"}}", StringComparison.Ordinal), "",
                "application/x-ndjson");
            line["type"].ShouldEndWith("idempotency-key-invalid");
            line["field"].ShouldBe("idempotencyKey");
        }

        (await server.PostAsync("/v1/payments/transfers", body, "\"K"))
            .ShouldBeProblem("idempotency-key-invalid", 400, "Idempotency-Key");
    }
}
