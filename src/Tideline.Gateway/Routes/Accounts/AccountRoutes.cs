using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>Opens, freezes and closes accounts, and reads them strongly.</summary>
internal sealed class AccountRoutes(GatewayParts parts)
{
    private const string Example =
        """{"accountId":"0197a1b2-0000-7000-8000-00000000000a","customerId":"0197a1b2-0000-7000-8000-000000000001","currency":"EUR","status":"open","posted":"100.00","held":"0.00","available":"100.00","overdraftLimit":"0.00","version":3,"iban":null,"createdAt":"2026-01-31T12:00:00.000000Z"}""";

    private static readonly BodyShape NewAccount = new(
        new("customerId", "the owner.", "0197a1b2-0000-7000-8000-000000000001", Required: true),
        new("currency", "an ISO 4217 code.", "EUR", Required: true),
        new("overdraftLimit", "how far below zero the account may go, a decimal amount.", "500.00"),
        new("iban", "the account's IBAN, if it has one.", "DE89370400440532013000"),
        new("accountId", "an id you choose, a UUID of any version but 8.", "0197a1b2-0000-7000-8000-00000000000a"));

    private static readonly BodyShape Status = new(
        new BodyField("status", "open, frozen or closed.", "frozen", Required: true));

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/accounts", new RouteNotes(
            "Opens an account for a customer.", """{"accountId":"0197a1b2-0000-7000-8000-00000000000a"}""")
        {
            Body = NewAccount, IsCommand = true, Status = 201,
        }, OpenAsync);
        routes.Patch("/v1/accounts/{id}", new RouteNotes(
            "Freezes, reopens or permanently closes an account.", Example)
        { Body = Status }, SetStatusAsync);
        routes.Get("/v1/accounts/{id}",
            new RouteNotes("An account, from the strong tier.", Example) { IsRead = true }, GetAsync);
    }

    private async Task<Problem?> OpenAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, NewAccount);
        var currency = fields.Currency("currency");
        var command = new OpenAccount(
            fields.OptionalNewId("accountId") ?? parts.Ledger.Ids.Next(), fields.Id("customerId"), currency,
            OverdraftLimit(fields, currency), IbanOf(fields))
        {
            Key = fields.Key(http), Fingerprint = fields.Fingerprint("accounts"),
        };
        if (fields.Problem is { } problem) return problem;
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted));
        return await Answers.Command(http, reply, StatusCodes.Status201Created, "accountId");
    }

    private async Task<Problem?> SetStatusAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, Status);
        var id = fields.PathId(http);
        var text = fields.Text("status", 16);
        var status = text switch
        {
            "open" => AccountStatus.Open,
            "frozen" => AccountStatus.Frozen,
            "closed" => AccountStatus.Closed,
            _ => (AccountStatus?)null
        };
        if (status is null)
            fields.Fail(ProblemTypes.InvalidField, "'status' must be open, frozen or closed.", "status");
        // A key is optional: no money moves, and a status that is already set is refused.
        var key = http.Request.Headers.ContainsKey("Idempotency-Key") ? fields.Key(http) : Guid.Empty;
        var fingerprint = fields.Fingerprint("status", id);
        if (fields.Problem is { } problem) return problem;
        var command = new SetAccountStatus(id, status!.Value) { Key = key, Fingerprint = fingerprint };
        var began = parts.Time.GetTimestamp();
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted), began);
        Answers.SetToken(http, [reply.Position]);
        if (reply.Refusal is { } refusal) return Problem.Of(refusal, inPath: true);
        return Answer(http, id, await parts.Time.ForAsync(FindAtAsync(id, reply.Position, http.RequestAborted), began));
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var fields = FieldReader.Empty();
        var id = fields.PathId(http);
        return fields.Problem ?? Answer(http, id, await FindAsync(id, http.RequestAborted));
    }

    private Task<AccountRow?> FindAsync(Guid id, CancellationToken cancel) =>
        parts.Ledger.ReaderOf(id).GetAccountAsync(id, cancel).AsTask();

    // The account as the command left it, so that a repeat gets the same answer as the first request.
    private async Task<AccountRow?> FindAtAsync(Guid id, Position position, CancellationToken cancel)
    {
        if (await FindAsync(id, cancel) is not { } account) return null;
        var events = await parts.Ledger.ReaderOf(id).GetEventsAsync(position.Seq - 1, 1, cancel);
        if (events is not [var happened] || happened.Subject != id) return account;
        var (then, data) = (account.Copy(), EventData.Parse(happened.Data.Span));
        (then.Version, then.Status) = (happened.Version, Enum.Parse<AccountStatus>(data.Status!, ignoreCase: true));
        (then.PostedMinor, then.PendingOutMinor, then.OverdraftLimitMinor) =
            (data.PostedMinor, data.HeldMinor, data.OverdraftLimitMinor);
        return then;
    }

    private static Problem? Answer(HttpContext http, Guid id, AccountRow? found)
    {
        if (found is not { Kind: AccountKind.Customer } account) return NotFound(id);
        Answers.SetServedByLedger(http);
        JsonAnswer.Write(http, StatusCodes.Status200OK, account, Write);
        return null;
    }

    /// <summary>The problem of an unknown account in the path.</summary>
    public static Problem NotFound(Guid id) =>
        Problem.Of(new Refusal(RefusalReason.AccountNotFound, $"There is no account {id}."), inPath: true);

    private static void Write(Utf8JsonWriter json, AccountRow account)
    {
        json.WriteString("accountId"u8, account.Id);
        json.WriteString("customerId"u8, account.CustomerId);
        json.WriteString("currency"u8, account.Currency.Code);
        json.WriteString("status"u8, account.Status.ToString().ToLowerInvariant());
        Answers.WriteAmount(json, "posted", account.PostedMinor, account.Currency);
        Answers.WriteAmount(json, "held", account.PendingOutMinor, account.Currency);
        Answers.WriteAmount(json, "available", account.AvailableMinor, account.Currency);
        Answers.WriteAmount(json, "overdraftLimit", account.OverdraftLimitMinor, account.Currency);
        json.WriteNumber("version"u8, account.Version);
        json.WriteString("iban"u8, account.Iban);
        json.WriteString("createdAt"u8, Timestamp.Write(account.CreatedUs));
    }

    private static long OverdraftLimit(FieldReader fields, Currency currency)
    {
        if (fields.OptionalText("overdraftLimit", Limits.AmountCharacters) is not { } text
            || fields.Problem is not null) return 0;
        var wrong = Money.TryParse(text, currency, out var limit);
        if (wrong is null && limit.Minor < 0)
            wrong = "The overdraft limit says how far below zero the account may go; it must be zero or more.";
        if (wrong is not null) fields.Fail(ProblemTypes.Of(RefusalReason.InvalidAmount), wrong, "overdraftLimit");
        return limit.Minor;
    }

    private static string? IbanOf(FieldReader fields)
    {
        if (fields.OptionalText("iban", Limits.IbanCharacters) is not { } text) return null;
        if (Iban.TryParse(text, out var iban) is { } wrong) fields.Fail(ProblemTypes.InvalidField, wrong, "iban");
        return iban.ToString();
    }
}
