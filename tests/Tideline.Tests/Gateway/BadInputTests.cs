using Tideline.Gateway;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Gateway;

public sealed class BadInputTests
{
    private const string Unknown = "0197a1b2-0000-7000-8000-00000000dead";

    /// <summary>Bodies for transfers; FROM, TO and YEN are accounts. Each is refused, and nothing changes.</summary>
    public static TheoryData<string, string, int, string?> BadTransfers => new()
    {
        { "", "malformed-json", 400, null },
        { "{", "malformed-json", 400, null },
        { "[]", "malformed-json", 400, null },
        { "{} {}", "malformed-json", 400, null },
        { "{\"from\":\"FROM\",}", "malformed-json", 400, null },
        { "{\"from\":\"\\uD800\"}", "malformed-json", 400, null },
        { "{}", "missing-field", 400, "from" },
        { Body("1.00") .Replace("\"to\"", "\"too\"", StringComparison.Ordinal), "unknown-field", 400, "too" },
        { Body("1.00").Replace("}", ",\"from\":\"FROM\"}", StringComparison.Ordinal), "duplicate-field", 400, "from" },
        { Body("1.00").Replace("\"1.00\"", "1.00", StringComparison.Ordinal), "invalid-field", 400, "amount" },
        { Body("1.00").Replace("\"1.00\"", "{\"minor\":100}", StringComparison.Ordinal),
            "invalid-field", 400, "amount" },
        { Body("1.00").Replace("\"1.00\"", "null", StringComparison.Ordinal), "missing-field", 400, "amount" },
        { Body("0"), "invalid-amount", 422, "amount" },
        { Body("0.00"), "invalid-amount", 422, "amount" },
        { Body("-1.00"), "invalid-amount", 422, "amount" },
        { Body("1.001"), "invalid-amount", 422, "amount" },
        { Body("1e3"), "invalid-amount", 422, "amount" },
        { Body("99999999999999999999"), "invalid-amount", 422, "amount" },
        { Body("1.00", currency: "EURO"), "unknown-currency", 422, "currency" },
        { Body("1.00", currency: "eur"), "unknown-currency", 422, "currency" },
        { Body("1", currency: "JPY"), "currency-mismatch", 422, null },
        { Body("1.00", from: "12"), "invalid-id", 400, "from" },
        { Body("1.00", from: Unknown), "account-not-found", 422, null },
        { Body("1.00", to: Unknown), "account-not-found", 422, null },
        { Body("1.00", to: "FROM"), "same-account", 422, "to" },
        { Body("1.00", to: "YEN"), "currency-mismatch", 422, null },
        { Body("1000.00"), "insufficient-funds", 422, null },
        { Body("1.00", more: ",\"reference\":\"" + new string('x', 141) + "\""), "invalid-field", 400, "reference" },
        { Body("1.00", more: ",\"reference\":\"a\\u0007b\""), "invalid-field", 400, "reference" },
        { Body("1.00", more: $",\"transferId\":\"{Unknown}\""), "unknown-field", 400, "transferId" },
        { Body("1.00", more: ",\"reference\":\"" + new string('x', GatewayLimits.BodyBytes) + "\""),
            "body-too-large", 413, null },
    };

    [Fact]
    public async Task Each_bad_transfer_is_a_problem_of_its_own_and_changes_nothing()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to, yen) = (await server.Bank.AccountAsync(0, 10_000),
            await server.Bank.AccountAsync(1, 500), await server.Bank.AccountAsync(1, 500, currency: "JPY"));
        foreach (var (body, name, status, field) in BadTransfers.Select(row => row.Data))
        {
            var json = body.Replace("FROM", from.ToString(), StringComparison.Ordinal).Replace(
                "TO", to.ToString(), StringComparison.Ordinal).Replace("YEN", yen.ToString(), StringComparison.Ordinal);
            (await server.PostAsync("/v1/payments/transfers", json)).ShouldBeProblem(name, status, field);
        }

        (await server.Bank.ReadAsync(from)).PostedMinor.ShouldBe(10_000);
        (await server.Bank.ReadAsync(to)).PostedMinor.ShouldBe(500);
        await server.Bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Keys_media_types_paths_methods_and_parameters_are_checked()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(1));
        var body = Body("1.00", from.ToString(), to.ToString());
        const string path = "/v1/payments/transfers";

        (await server.PostAsync(path, body, key: ""))
            .ShouldBeProblem("idempotency-key-missing", 400, "Idempotency-Key");
        (await server.PostAsync(path, body, key: new string('k', GatewayLimits.IdempotencyKeyCharacters + 1)))
            .ShouldBeProblem("idempotency-key-invalid", 400);
        (await server.PostAsync(path, body, type: "text/plain")).ShouldBeProblem("unsupported-media-type", 415);
        (await server.PostAsync(path, body, type: "")).ShouldBeProblem("unsupported-media-type", 415);
        (await server.PostAsync(path + ":batch", body)).ShouldBeProblem("unsupported-media-type", 415);
        (await server.PostAsync("/v1/payments/imports", "<a/>")).ShouldBeProblem("unsupported-media-type", 415);
        (await server.PostAsync("/v1/payments/imports", "<a/>", type: "application/xml"))
            .ShouldBeProblem("invalid-file", 400);
        var nested = string.Concat(Enumerable.Repeat("<Id><OrgId><Othr>", 4_700));
        (await server.PostAsync("/v1/payments/imports", nested, type: "application/xml"))
            .ShouldBeProblem("invalid-file", 400);
        (await server.GetAsync("/v1/nothing")).ShouldBeProblem("route-not-found", 404);
        var wrongMethod = await server.GetAsync($"{path}:batch");
        wrongMethod.ShouldBeProblem("method-not-allowed", 405);
        (await server.GetAsync("/v1/accounts/12")).ShouldBeProblem("invalid-id", 400, "id");
        (await server.GetAsync($"/v1/accounts/{Unknown}")).ShouldBeProblem("account-not-found", 404);
        (await server.GetAsync($"/v1/accounts/{Unknown}/entries")).ShouldBeProblem("account-not-found", 404);
        (await server.GetAsync($"/v1/accounts/{Unknown}/balance")).ShouldBeProblem("account-not-found", 404);
        (await server.GetAsync($"/v1/accounts/{Unknown}/statement?from=2020-01-01T00:00:00Z"))
            .ShouldBeProblem("account-not-found", 404);
        (await server.PostAsync($"/v1/accounts/{Unknown}/deposits", """{"amount":"1.00","currency":"EUR"}"""))
            .ShouldBeProblem("account-not-found", 404);
        (await server.GetAsync($"/v1/holds/{Unknown}")).ShouldBeProblem("hold-not-found", 404);
        (await server.GetAsync($"{path}/{Unknown}")).ShouldBeProblem("transfer-not-found", 404);
        (await server.GetAsync($"/v1/payments/imports/{Unknown}")).ShouldBeProblem("import-not-found", 404);
        (await server.GetAsync($"/v1/ops/sagas/{Unknown}")).ShouldBeProblem("saga-not-found", 404);
        (await server.GetAsync("/v1/ops/sagas?state=odd")).ShouldBeProblem("invalid-query", 400, "state");
        (await server.GetAsync($"/v1/accounts/{from}/entries?limit=0")).ShouldBeProblem("invalid-query", 400, "limit");
        (await server.GetAsync($"/v1/accounts/{from}/entries?limit=1&limit=2"))
            .ShouldBeProblem("invalid-query", 400, "limit");
        (await server.GetAsync($"/v1/accounts/{from}/entries?limits=1"))
            .ShouldBeProblem("invalid-query", 400, "limits");
        (await server.GetAsync($"/v1/accounts/{from}/entries?cursor=abc!"))
            .ShouldBeProblem("invalid-cursor", 400, "cursor");
        (await server.GetAsync($"/v1/accounts/{from}/balance?at=yesterday"))
            .ShouldBeProblem("invalid-field", 400, "at");
        (await server.GetAsync($"/v1/accounts/{from}/statement")).ShouldBeProblem("invalid-query", 400, "from");
        (await server.GetAsync($"/v1/accounts/{from}/statement?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"))
            .ShouldBeProblem("invalid-query", 400, "from");
        (await server.GetAsync($"/v1/accounts/{from}/statement?from=2999-01-01T00:00:00Z"))
            .ShouldBeProblem("invalid-query", 400, "from");
        (await server.GetAsync($"/v1/customers/{Unknown}", ("Tideline-Consistency", "session"),
            ("Tideline-Token", "MDo5OTk5OTk5OTk"))).ShouldBeProblem("invalid-token", 400, "Tideline-Token");
        (await server.GetAsync($"/v1/accounts/{from}/entries?limits=1"))["detail"]
            .ShouldStartWith("'limits' is not known here");
        (await server.PostAsync(path, body.Replace("\"amount\"", "\"ammount\"", StringComparison.Ordinal)))["detail"]
            .ShouldStartWith("'ammount' is not known here");
        (await server.GetAsync($"/v1/accounts/{from}/balance?at=2999-01-01T00:00:00Z"))
            .ShouldBeProblem("invalid-query", 400, "at");
        await server.Bank.ShouldAddUpAsync();
        (await server.Bank.ReadAsync(from)).EntryVersion.ShouldBe(1);
    }

    [Fact]
    public async Task Frozen_and_closed_accounts_and_reused_keys_say_so()
    {
        await using var server = await GatewayServer.StartAsync();
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(0));
        (await server.PostAsync("/v1/payments/transfers", Body("1.00", from.ToString(), to.ToString()), "once"))
            .Status.ShouldBe(System.Net.HttpStatusCode.Created);
        (await server.PostAsync("/v1/payments/transfers", Body("2.00", from.ToString(), to.ToString()), "once"))
            .ShouldBeProblem("idempotency-key-reused", 422);
        (await server.PostAsync($"/v1/accounts/{from}", """{"status":"closed"}""", method: HttpMethod.Patch))
            .ShouldBeProblem("account-not-empty", 409);
        await server.Bank.Ledger.ExecuteAsync(new SetAccountStatus(to, AccountStatus.Frozen), default);
        (await server.PostAsync("/v1/payments/transfers", Body("1.00", from.ToString(), to.ToString())))
            .ShouldBeProblem("account-frozen", 422);
        var closed = await server.Bank.AccountAsync(0);
        await server.Bank.Ledger.ExecuteAsync(new SetAccountStatus(closed, AccountStatus.Closed), default);
        (await server.PostAsync("/v1/payments/transfers", Body("1.00", from.ToString(), closed.ToString())))
            .ShouldBeProblem("account-closed", 422);
        (await server.Bank.ReadAsync(from)).PostedMinor.ShouldBe(9_900);
    }

    [Theory]
    [InlineData("""{"name":"Ada","email":"nowhere","country":"GB"}""", "email")]
    [InlineData("""{"name":"Ada","email":"a@b","country":"gb"}""", "country")]
    [InlineData("""{"name":" ","email":"a@b","country":"GB"}""", "name")]
    public async Task A_bad_profile_names_its_field(string body, string field)
    {
        await using var server = await GatewayServer.StartAsync();
        (await server.PostAsync("/v1/customers", body)).ShouldBeProblem("invalid-field", 400, field);
    }

    private static string Body(
        string amount, string from = "FROM", string to = "TO", string currency = "EUR", string more = "") =>
        $$"""{"from":"{{from}}","to":"{{to}}","amount":"{{amount}}","currency":"{{currency}}"{{more}}}""";
}
