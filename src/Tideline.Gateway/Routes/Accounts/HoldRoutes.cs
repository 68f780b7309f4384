using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>Places holds, captures them in part or in whole, and releases them.</summary>
internal sealed class HoldRoutes(GatewayParts parts)
{
    private const int DefaultHoldDays = 7;
    private const long DayUs = 86_400_000_000;
    private const string Captured =
        """{"transactionId":"0197a1b2-0000-7000-8000-0000000000f1","balance":"87.66","currency":"EUR"}""";

    private static readonly BodyShape NewHold = new(
        new("amount", "a decimal amount, greater than zero.", "30.00", Required: true),
        new("currency", "the account's currency.", "EUR", Required: true),
        new(
            "expiresAt",
            $"when it expires, an RFC 3339 time or a date; default: in {DefaultHoldDays} days.",
            "2026-02-07T12:00:00Z"),
        new("reference", "a text of your choice.", "Hotel deposit"));

    private static readonly BodyShape Capture = new(
        new("amount", "how much to capture; default: all that is held.", "12.34"),
        new("currency", "the account's currency; needed with an amount.", "EUR"),
        new("final", "whether to release the rest.", "true", IsFlag: true));

    private static readonly BodyShape Release = new();

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/accounts/{id}/holds", new RouteNotes("Reserves money on an account.",
            """{"holdId":"0197a1b2-0000-7000-8000-0000000000d1","balance":"100.00","currency":"EUR"}""")
        {
            Body = NewHold, IsCommand = true, Status = 201,
        }, PlaceAsync);
        routes.Post("/v1/holds/{id}/capture", new RouteNotes(
            "Captures held money.", Captured)
        { Body = Capture, IsCommand = true, Status = 201 }, CaptureAsync);
        routes.Post("/v1/holds/{id}/release", new RouteNotes("Releases held money.",
            """{"holdId":"0197a1b2-0000-7000-8000-0000000000d1"}""")
        { Body = Release, IsCommand = true },
            ReleaseAsync);
        routes.Get("/v1/holds/{id}", new RouteNotes(
            "A hold.",
            """{"holdId":"0197a1b2-0000-7000-8000-0000000000d1","accountId":"0197a1b2-0000-7000-8000-00000000000a","status":"open","amount":"30.00","captured":"0.00","remaining":"30.00","currency":"EUR","reference":"Hotel deposit","expiresAt":"2026-02-07T12:00:00.000000Z","createdAt":"2026-01-31T12:00:00.000000Z"}""")
        {
            IsRead = true,
        }, GetAsync);
    }

    private async Task<Problem?> PlaceAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, NewHold);
        var account = fields.PathId(http);
        var amount = fields.Money();
        // The ledger checks that it is in the future: a repeated request gets its first answer, even if the hold has
        // ended since.
        var nowUs = parts.Ledger.NowUs(parts.Ledger.Map.ShardOf(account));
        var expiresUs = fields.OptionalTime("expiresAt")?.ToUs() ?? nowUs + DefaultHoldDays * DayUs;
        var command = new PlaceHold(
            parts.Ledger.NextIdBeside(account), account, amount, expiresUs,
            fields.OptionalText("reference", Limits.ReferenceCharacters))
        {
            Key = fields.Key(http), Fingerprint = fields.Fingerprint("holds", account),
        };
        if (fields.Problem is { } problem) return problem;
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted));
        return await Answers.Command(http, reply, StatusCodes.Status201Created, "holdId", amount.Currency);
    }

    private async Task<Problem?> CaptureAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, Capture);
        var id = fields.PathId(http);
        var amount = fields.OptionalMoney("amount", "currency");
        // On the shard of the hold, which is that of its account.
        var transaction = parts.Ledger.NextIdBeside(id);
        var (key, fingerprint) = (fields.Key(http), fields.Fingerprint("capture", id));
        if (fields.Problem is { } problem) return problem;
        var began = parts.Time.GetTimestamp();
        if (await parts.Time.ForAsync(FindAsync(id, http.RequestAborted), began) is not var (hold, account))
            return NotFound(id);
        var command = new CaptureHold(transaction, id, hold.AccountId, amount?.Currency ?? account.Currency,
            amount?.Minor, fields.Flag("final"))
        { Key = key, Fingerprint = fingerprint };
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted), began);
        return await Answers.Command(http, reply, StatusCodes.Status201Created, "transactionId", account.Currency);
    }

    private async Task<Problem?> ReleaseAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, Release);
        var id = fields.PathId(http);
        var (key, fingerprint) = (fields.Key(http), fields.Fingerprint("release", id));
        if (fields.Problem is { } problem) return problem;
        var began = parts.Time.GetTimestamp();
        if (await parts.Time.ForAsync(FindAsync(id, http.RequestAborted), began) is not var (hold, account))
            return NotFound(id);
        var command = new ReleaseHold(
            id, hold.AccountId, account.Currency, Expired: false)
        { Key = key, Fingerprint = fingerprint };
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted), began);
        return await Answers.Command(http, reply, StatusCodes.Status200OK, "holdId");
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var fields = FieldReader.Empty();
        var id = fields.PathId(http);
        if (fields.Problem is { } problem) return problem;
        if (await FindAsync(id, http.RequestAborted) is not { } found) return NotFound(id);
        Answers.SetServedByLedger(http);
        JsonAnswer.Write(http,
            StatusCodes.Status200OK, found, static (json, state) => Write(json, state.Hold, state.Account.Currency));
        return null;
    }

    private async Task<(HoldRow Hold, AccountRow Account)?> FindAsync(Guid id, CancellationToken cancel)
    {
        var reader = parts.Ledger.ReaderOf(id);
        if (await reader.GetHoldAsync(id, cancel) is not { } hold) return null;
        return await reader.GetAccountAsync(hold.AccountId, cancel) is { } account ? (hold, account) : null;
    }

    private static Problem NotFound(Guid id) =>
        Problem.Of(new Refusal(RefusalReason.HoldNotFound, $"There is no hold {id}."), inPath: true);

    private static void Write(Utf8JsonWriter json, HoldRow hold, Currency currency)
    {
        json.WriteString("holdId"u8, hold.Id);
        json.WriteString("accountId"u8, hold.AccountId);
        json.WriteString("status"u8, hold.Status.ToString().ToLowerInvariant());
        Answers.WriteAmount(json, "amount", hold.AmountMinor, currency);
        Answers.WriteAmount(json, "captured", hold.CapturedMinor, currency);
        Answers.WriteMoney(json, "remaining", new Money(hold.RemainingMinor, currency));
        json.WriteString("reference"u8, hold.Reference);
        json.WriteString("expiresAt"u8, Timestamp.Write(hold.ExpiresUs));
        json.WriteString("createdAt"u8, Timestamp.Write(hold.CreatedUs));
    }
}
