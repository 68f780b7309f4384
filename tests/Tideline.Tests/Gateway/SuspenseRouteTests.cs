using System.Net;
using System.Text;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;
using Tideline.Tests.Sagas;

namespace Tideline.Tests.Gateway;

/// <summary>Money on suspense and messages that were set aside, over HTTP.</summary>
public sealed class SuspenseRouteTests
{
    [Fact]
    public async Task A_suspended_transfer_is_seen_and_paid_out_once()
    {
        await using var server = await GatewayServer.StartAsync();
        var (id, from) = await SuspendAsync(server);
        var listed = (await server.GetAsync("/v1/ops/sagas?state=suspended")).Json.GetProperty("items")[0];
        (
            listed.GetProperty("sagaId").GetString(), listed.GetProperty("amount").GetString(),
            listed.GetProperty("currency").GetString()).ShouldBe(($"{id}", "2.50", "EUR"));
        listed.GetProperty("suspenseReason").GetString().ShouldBe($"Account {from} is closed.");
        for (var shard = 0; shard < 2; shard++) await server.Watch.LookAsync(shard, default);
        var metrics = (await server.GetAsync("/metrics")).Text;
        metrics.ShouldContain("tideline_suspense_minor_units{shard=\"0\",currency=\"EUR\"} 250");
        metrics.ShouldContain("tideline_suspense_sagas{shard=\"0\",currency=\"EUR\"} 1");

        var path = $"/v1/ops/sagas/{id}/payout";
        (await server.PostAsync(path, "", key: "", type: "")).ShouldBeProblem("account-closed", 422);
        (await server.PostAsync(path, """{"to":"nobody"}""")).ShouldBeProblem("invalid-id", 400, "to");
        (await server.PostAsync(path, """{"account":"nobody"}""")).ShouldBeProblem("unknown-field", 400, "account");
        var other = await server.Bank.AccountAsync(0);
        var paid = await server.PostAsync(path, $$"""{"to":"{{other}}"}""");
        (paid.Status, paid["state"]).ShouldBe((HttpStatusCode.OK, "paid-out"), paid.Text);
        (await server.PostAsync(path, $$"""{"to":"{{other}}"}""")).ShouldBeProblem("nothing-on-suspense", 409);
        (await server.PostAsync($"/v1/ops/sagas/{other}/payout", "{}")).ShouldBeProblem("saga-not-found", 404);
        (await server.GetAsync("/v1/ops/sagas?state=paid-out")).Json.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await server.Bank.ReadAsync(other)).PostedMinor.ShouldBe(250);
        (await server.GetAsync("/v1/ops/sagas?state=set-aside")).ShouldBeProblem("invalid-query", 400, "state");
    }

    [Fact]
    public async Task A_payer_that_closes_in_flight_is_told_that_transfers_are_under_way()
    {
        await using var server = await GatewayServer.StartAsync();
        var account = await server.Bank.AccountAsync(0, 250);
        server
            .Bank.Tamper(0, $"UPDATE accounts SET balance = 0, returnable = 250 WHERE account_id = X'{account:N}'")
            .ShouldBe(1);
        (
            await server.PostAsync($"/v1/accounts/{account}", """{"status":"closed"}""", method: HttpMethod.Patch)
        ).ShouldBeProblem("transfers-under-way", 409);
    }

    [Fact]
    public async Task A_message_that_was_set_aside_is_listed_shown_and_given_up_beside_those_of_the_views()
    {
        await using var server = await GatewayServer.StartAsync();
        var record = new LogRecord(
            Topics.SagaCommands, 1, 0, "foreign", 1, Guid.Empty, "ODD", Guid.Empty, 0, 0, Encoding.UTF8.GetBytes("{}"));
        await server.Bank.Runner.HandleAsync(1, [record], default);
        for (var shard = 0; shard < 2; shard++) await server.Watch.LookAsync(shard, default);
        (await server.GetAsync("/metrics")).Text.ShouldContain("tideline_saga_dead_letters{shard=\"1\"} 1");
        var listed = (await server.GetAsync("/v1/ops/dlq")).Json.GetProperty("items")[0];
        listed.GetProperty("source").GetString().ShouldBe("sagas");
        var key = listed.GetProperty("key").GetGuid();
        var shown = (await server.GetAsync($"/v1/ops/dlq/{key}")).Json.GetProperty("items")[0];
        (
            shown.GetProperty("type").GetString(), shown.GetProperty("message").GetString(),
            shown.GetProperty("shard").GetInt32()).ShouldBe(("ODD", "{}", 1));
        var replayed = await server.PostAsync($"/v1/ops/dlq/{key}/replay", "{}");
        replayed
            .Json.GetProperty("items")[0]
            .GetProperty("reason")
            .GetString()!
            .ShouldContain("no saga message has this type");
        (await server.PostAsync($"/v1/ops/dlq/{key}/discard", """{"reason":"A test"}"""))["discarded"].ShouldBe("1");
        (await server.GetAsync("/v1/ops/dlq")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
        (await server.PostAsync($"/v1/ops/dlq/{key}/replay", "{}")).ShouldBeProblem("not-found", 404);
    }

    // The messages of this bank move by themselves, so its account is closed before its refund can come.
    private static async Task<(Guid Saga, Guid From)> SuspendAsync(GatewayServer server)
    {
        var (from, to) = (await server.Bank.AccountAsync(0, 250), await server.Bank.AccountAsync(1));
        (await server.Bank.SetStatusAsync(to, AccountStatus.Frozen)).ShouldBeNull();
        var id = await server.Bank.StartAsync(from, to, 250);
        // Found frozen at once or not: where the refund was faster than the closing, another one is begun.
        server.Bank.Tamper(0, $"UPDATE accounts SET status = 2 WHERE account_id = X'{from:N}' AND returnable > 0");
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await server.Bank.SagaAsync(id)).State.IsUnfinished())
            await Task.Delay(10, late.Token);
        return (await server.Bank.SagaAsync(id)).State == SagaState.Suspended ? (id, from) : await SuspendAsync(server);
    }
}
