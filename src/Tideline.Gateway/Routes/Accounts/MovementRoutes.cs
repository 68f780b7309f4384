using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>Deposits and withdrawals of cash.</summary>
internal sealed class MovementRoutes(GatewayParts parts)
{
    private const string Example =
        """{"transactionId":"0197a1b2-0000-7000-8000-0000000000f1","balance":"112.34","currency":"EUR"}""";

    private static readonly BodyShape Movement = new(
        new("amount", "a decimal amount, greater than zero.", "12.34", Required: true),
        new("currency", "the account's currency.", "EUR", Required: true),
        new("reference", "a text of your choice.", "Salary January"));

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/accounts/{id}/deposits", new RouteNotes("Deposits cash in an account.",
            Example)
        { Body = Movement, IsCommand = true, Status = 201 }, http => MoveAsync(http, "deposits"));
        routes.Post("/v1/accounts/{id}/withdrawals", new RouteNotes("Withdraws cash from an account.",
            Example)
        { Body = Movement, IsCommand = true, Status = 201 }, http => MoveAsync(http, "withdrawals"));
    }

    private async Task<Problem?> MoveAsync(HttpContext http, string operation)
    {
        var fields = await JsonBody.ReadAsync(http, Movement);
        var account = fields.PathId(http);
        var amount = fields.Money();
        var reference = fields.OptionalText("reference", Limits.ReferenceCharacters);
        var transaction = parts.Ledger.NextIdBeside(account);
        var (key, fingerprint) = (fields.Key(http), fields.Fingerprint(operation, account));
        if (fields.Problem is { } problem) return problem;
        LedgerCommand command = operation == "deposits"
            ? new Deposit(transaction, account, amount, reference) { Key = key, Fingerprint = fingerprint }
            : new Withdraw(transaction, account, amount, reference) { Key = key, Fingerprint = fingerprint };
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted));
        return await Answers.Command(http, reply, StatusCodes.Status201Created, "transactionId", amount.Currency);
    }
}
