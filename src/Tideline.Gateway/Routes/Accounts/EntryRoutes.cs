using System.Globalization;
using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>The entries of an account, and its balance at any time: strong reads.</summary>
internal sealed class EntryRoutes(GatewayParts parts)
{
    private static readonly BodyShape Page = new(QueryReader.Limit, QueryReader.After);
    private static readonly BodyShape Moment = new(new BodyField(
        "at", "an RFC 3339 time or a date, not in the future; default: that of the shard's newest commit.",
        "2026-01-31T12:00:00Z"));

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/accounts/{id}/entries", new RouteNotes(
            "The entries of an account, newest first, each with the balance after it.",
            """{"items":[{"version":3,"transactionId":"0197a1b2-0000-7000-8000-0000000000f1","amount":"-12.34","balance":"87.66","currency":"EUR","at":"2026-01-31T12:00:00.000000Z"}],"nextCursor":null}""")
        {
            Query = Page, IsRead = true,
        }, EntriesAsync);
        routes.Get("/v1/accounts/{id}/balance", new RouteNotes(
            "The posted balance of an account as of a time.",
            """{"accountId":"0197a1b2-0000-7000-8000-00000000000a","balance":"87.66","currency":"EUR","version":3,"at":"2026-01-31T12:00:00.000000Z"}""")
        {
            Query = Moment, IsRead = true,
        }, BalanceAsync);
    }

    private async Task<Problem?> EntriesAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Page);
        var id = query.PathId(http);
        var rows = QueryReader.PageRows(query);
        var list = $"entries:{id}";
        var before = long.MaxValue;
        if (QueryReader.Place(query, list) is { } place
            && !long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            query.Fail(ProblemTypes.InvalidCursor, "The cursor does not belong to this list.", "cursor");
        if (query.Problem is { } problem) return problem;
        var reader = parts.Ledger.ReaderOf(id);
        if (await reader.GetAccountAsync(id, http.RequestAborted) is not { Kind: AccountKind.Customer } account)
            return AccountRoutes.NotFound(id);
        var entries = await reader.GetEntriesAsync(id, before, rows, http.RequestAborted);
        Answers.SetServedByLedger(http);
        var next = entries.Count == rows && entries[^1].Version > 1
            ? Cursor.Write(list, entries[^1].Version.ToString(CultureInfo.InvariantCulture))
            : null;
        JsonAnswer.Write(http, StatusCodes.Status200OK, (entries, account.Currency, next),
            static (json, page) => WritePage(json, page.entries, page.Currency, page.next));
        return null;
    }

    private static void WritePage(Utf8JsonWriter json, IReadOnlyList<EntryRow> entries, Currency currency, string? next)
    {
        json.WriteStartArray("items"u8);
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, entry.Version);
            json.WriteString("transactionId"u8, entry.TransactionId);
            Answers.WriteAmount(json, "amount", entry.AmountMinor, currency);
            Answers.WriteMoney(json, "balance", new Money(entry.PostedAfterMinor, currency));
            json.WriteString("at"u8, Timestamp.Write(entry.TimeUs));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("nextCursor"u8, next);
    }

    // A future balance is unknown; a past one must not change any more.
    private async Task<Problem?> FenceAsync(int shard, long atUs, CancellationToken cancel)
    {
        var ledger = parts.Ledger;
        if (atUs > ledger.NowUs(shard)) await ledger.LookAsync(shard, cancel);
        if (atUs > ledger.NowUs(shard))
            return new Problem(ProblemTypes.InvalidQuery, "'at' must not be in the future.", "at");
        await ledger.FenceAsync(shard, atUs, cancel);
        return null;
    }

    private async Task<Problem?> BalanceAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Moment);
        var id = query.PathId(http);
        var asked = query.OptionalTime("at")?.ToUs();
        if (query.Problem is { } malformed) return malformed;
        var (shard, reader) = (parts.Ledger.Map.ShardOf(id), parts.Ledger.ReaderOf(id));
        if (await reader.GetAccountAsync(id, http.RequestAborted) is not { Kind: AccountKind.Customer } account)
            return AccountRoutes.NotFound(id);
        if (asked is { } moment && await FenceAsync(shard, moment, http.RequestAborted) is { } problem) return problem;
        // Later commits get later times, so the balance as of the newest commit is the present one, and never changes.
        // The store names that commit: this process learns of it a moment after other reads can see it.
        var at = asked ?? (await reader.GetHeadAsync(http.RequestAborted)).TimeUs;
        var entry = await reader.GetEntryAtAsync(id, at, http.RequestAborted);
        Answers.SetServedByLedger(http);
        JsonAnswer.Write(http, StatusCodes.Status200OK, (account, entry, at), static (json, answer) =>
        {
            json.WriteString("accountId"u8, answer.account.Id);
            Answers.WriteMoney(
                json, "balance", new Money(answer.entry?.PostedAfterMinor ?? 0, answer.account.Currency));
            json.WriteNumber("version"u8, answer.entry?.Version ?? 0);
            json.WriteString("at"u8, Timestamp.Write(answer.at));
        });
        return null;
    }
}
