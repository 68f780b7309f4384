using System.Text.Json;
using Tideline.Tools.Opponent;

namespace Tideline.Tests.Tools;

/// <summary>What the checks find where only the answers tell what was durable when.</summary>
public sealed class SeenOrderTests
{
    private static readonly Guid Customer = Guid.Parse("00000000-0000-7000-8000-000000000001");
    private static readonly Guid Account = Guid.Parse("00000000-0000-7000-8000-0000000000a1");
    private static readonly Guid Deposit = Guid.Parse("00000000-0000-7000-8000-0000000000d1");

    private readonly Violations _violations = new();
    private readonly RunLog _log = new(() => 0);

    [Fact]
    public void A_strong_read_that_began_after_an_answer_must_see_what_was_answered()
    {
        Log(Answered(beganUs: 10, endedUs: 20));
        Log(Read(version: 1, "0.00", beganUs: 21, endedUs: 30));
        Check();
        _violations.All.ShouldHaveSingleItem().ToString().ShouldStartWith("I10: A strong read shows version 1");
    }

    [Fact]
    public void A_strong_read_beside_a_command_may_or_may_not_see_it()
    {
        Log(Answered(beganUs: 10, endedUs: 20));
        Log(Read(version: 1, "0.00", beganUs: 15, endedUs: 30));
        Log(Read(version: 2, "5.00", beganUs: 15, endedUs: 30));
        Check();
        _violations.All.ShouldBeEmpty();
    }

    [Fact]
    public void A_read_cannot_show_what_was_not_asked_for_yet()
    {
        Log(Read(version: 2, "5.00", beganUs: 1, endedUs: 5));
        Log(Answered(beganUs: 10, endedUs: 20));
        Check();
        _violations.All.ShouldHaveSingleItem().ToString().ShouldStartWith("I10: The read shows what was not durable");
    }

    private void Check()
    {
        var model = new BankModel(
        [
            Fact(1, "CUSTOMER_CREATED", Customer, 1, "{}"),
            Fact(2, "ACCOUNT_CREATED", Account, 1, $$"""
                {"customerId":"{{Customer}}","currency":"EUR","postedMinor":0,"heldMinor":0,
                 "overdraftLimitMinor":0,"status":"open"}
                """),
            Fact(3, "ACCOUNT_CREDITED", Account, 2, $$"""
                {"transactionId":"{{Deposit}}","kind":"deposit","amountMinor":500,"entryVersion":1,"postedMinor":500,
                 "heldMinor":0,"overdraftLimitMinor":0,"status":"open"}
                """),
        ], _violations);
        new SeenOrder(model, _log.Operations, [3]).Write(_log);
        new ReadChecks(model, _log, hasClocks: false, _violations).Run();
    }

    private void Log(Operation operation) => _log.Add(operation);

    private static Operation Answered(long beganUs, long endedUs) => Operation(
        OperationKind.Deposit, "key", beganUs, endedUs, $$"""{"transactionId":"{{Deposit}}","balance":"5.00"}""");

    private static Operation Read(long version, string posted, long beganUs, long endedUs) => Operation(
        OperationKind.ReadAccount, null, beganUs, endedUs, $$"""
            {"version":{{version}},"posted":"{{posted}}","held":"0.00","available":"{{posted}}","status":"open"}
            """);

    private static Operation Operation(
        OperationKind kind, string? key, long beganUs, long endedUs, string answer) => new()
        {
            Number = 0, Client = 0, Kind = kind, Method = "GET", Target = "/", Key = key, Subject = Account,
            BeganUs = beganUs, EndedUs = endedUs, Status = 200, Answer = JsonElement.Parse(answer),
        };

    private static Fact Fact(long seq, string type, Guid subject, long version, string data) =>
        new(0, seq, type, subject, version, seq, System.Text.Encoding.UTF8.GetBytes(data));
}
