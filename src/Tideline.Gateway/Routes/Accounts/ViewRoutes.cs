using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>Reads of customers and their movements at the requested freshness.</summary>
internal sealed class ViewRoutes(AccountsService accounts, GatewayParts parts)
{
    private const string Customer =
        """{"customerId":"0197a1b2-0000-7000-8000-000000000001","name":"Ada Lovelace","email":"ada@example.com","country":"GB","accounts":[{"accountId":"0197a1b2-0000-7000-8000-00000000000a","iban":null,"currency":"EUR","status":"open","posted":"87.66","held":"0.00","available":"87.66","overdraftLimit":"0.00","version":3}],"transactions":{"last_30_days":{"count":2,"currencies":[{"count":2,"in":"100.00","out":"12.34","currency":"EUR"}]},"recent":[{"transactionId":"0197a1b2-0000-7000-8000-0000000000f2","accountId":"0197a1b2-0000-7000-8000-00000000000a","kind":"transfer","amount":"-12.34","balance":"87.66","currency":"EUR","counterpartyId":"0197a1b2-0000-7000-8000-00000000000b","reference":"Rent","at":"2026-01-31T12:00:00.000000Z"}],"days":[{"day":"2026-01-31","count":2,"in":"100.00","out":"12.34","currency":"EUR"}]},"clock":{"0197a1b2-0000-7000-8000-000000000001":1,"0197a1b2-0000-7000-8000-00000000000a":3}}""";

    private static readonly BodyShape ByEmail = new(new("email",
        "the customer's e-mail address.", "ada@example.com", Required: true), QueryReader.Limit, QueryReader.After);

    private static readonly BodyShape Search = new(
        new("customerId", "the customer of the movements.", "0197a1b2-0000-7000-8000-000000000001", Required: true),
        new("from", "the beginning, an RFC 3339 time or a date.", "2026-01-01T00:00:00Z"),
        new("to", "the end, an RFC 3339 time or a date.", "2026-02-01T00:00:00Z"),
        new("q", "part of the reference, external reference, kind, counterparty or id.", "rent"),
        QueryReader.Limit, QueryReader.After);

    private CustomerQueries Queries => (accounts.Views ?? throw GatewayParts.ViewsAway).Queries;

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/customers/{id}", new RouteNotes(
            "A customer with accounts and recent movements, at least as fresh as "
            + "Tideline-Consistency requires.", Customer)
        { IsRead = true }, GetAsync);
        routes.Get("/v1/customers", new RouteNotes("Customers with an e-mail address.",
            $$"""{"items":[{{Customer}}],"nextCursor":null}""")
        { Query = ByEmail, IsRead = true }, FindAsync);
        routes.Get("/v1/transactions", new RouteNotes("A customer's movements, newest first.", """{"items":[{"transactionId":"0197a1b2-0000-7000-8000-0000000000f2","accountId":"0197a1b2-0000-7000-8000-00000000000a","kind":"transfer","direction":"out","amount":"-12.34","balance":"87.66","currency":"EUR","counterpartyId":"0197a1b2-0000-7000-8000-00000000000b","reference":"Rent","sagaId":"0197a1b2-0000-7000-8000-0000000000f2","at":"2026-01-31T12:00:00.000000Z"}],"nextCursor":null}""") { Query = Search, IsRead = true }, SearchAsync);
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var fields = FieldReader.Empty();
        var id = fields.PathId(http);
        var consistency = ReadHeaders.Consistency(http, fields, parts.Ledger);
        if (fields.Problem is { } problem) return problem;
        CustomerRead? found;
        try
        {
            // While the views cannot be opened, the ledger answers whatever the level.
            found = accounts.Views is { } views
                ? await views.Queries.GetCustomerAsync(id, consistency, http.RequestAborted)
                : await CustomerQueries.FromLedgerAsync(parts.Ledger, parts.Time, id, http.RequestAborted);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            return new Problem(ProblemTypes.InvalidToken, fault.Message, "Tideline-Token");
        }

        if (found is not { } read)
        {
            var isSure = consistency.Level != ConsistencyLevel.Eventual;
            var orNotSeen = isSure ? "."
                : ", or the view has not seen it yet; use Tideline-Consistency: strong to be sure.";
            return Problem.Of(
                new Refusal(RefusalReason.CustomerNotFound, $"There is no customer {id}{orNotSeen}"), inPath: true);
        }

        Answers.SetServed(http, read.ServedBy, read.StalenessMs);
        JsonAnswer.Write(http, StatusCodes.Status200OK, read.Customer, CustomerJson.Write);
        return null;
    }

    private async Task<Problem?> FindAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, ByEmail);
        var email = query.OptionalText("email", GatewayLimits.EmailCharacters);
        var rows = QueryReader.PageRows(query);
        if (email is null) query.Fail(ProblemTypes.InvalidQuery,
            "The address is missing: ?email=ada@example.com.", "email");
        var place = QueryReader.Place(query, "customers");
        var consistency = ReadHeaders.Consistency(http, query, parts.Ledger);
        if (query.Problem is { } problem) return problem;
        var page = await Queries.FindCustomersByEmailAsync(
            email!, consistency, place, rows, http.RequestAborted);
        Answers.SetServed(http, ServedBy.View, page.StalenessMs);
        JsonAnswer.Write(http, StatusCodes.Status200OK, page, static (json, found) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var customer in found.Customers)
            {
                json.WriteStartObject();
                CustomerJson.Write(json, customer);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("nextCursor"u8, found.Cursor is null ? null : Cursor.Write("customers", found.Cursor));
        });
        return null;
    }

    private async Task<Problem?> SearchAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Search);
        var customer = query.OptionalId("customerId");
        var (from, to) = (query.OptionalTime("from"), query.OptionalTime("to"));
        var words = query.OptionalText("q", AccountLimits.SearchCharacters);
        var rows = QueryReader.PageRows(query);
        if (customer is null) query.Fail(ProblemTypes.InvalidQuery,
            "The customer is missing: ?customerId=….", "customerId");
        var place = QueryReader.Place(query, "transactions");
        var consistency = ReadHeaders.Consistency(http, query, parts.Ledger);
        if (query.Problem is { } problem) return problem;
        var page = await Queries.SearchTransactionsAsync(
            customer!.Value, consistency, from, to, words, place, rows, http.RequestAborted);
        Answers.SetServed(http, ServedBy.View, page.StalenessMs);
        JsonAnswer.Write(http, StatusCodes.Status200OK, page, static (json, found) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var transaction in found.Transactions) Write(json, transaction);
            json.WriteEndArray();
            json.WriteString("nextCursor"u8, found.Cursor is null ? null : Cursor.Write("transactions", found.Cursor));
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, TransactionDocument transaction)
    {
        var currency = Currency.Parse(transaction.Currency);
        json.WriteStartObject();
        json.WriteString("transactionId"u8, transaction.TransactionId);
        json.WriteString("accountId"u8, transaction.AccountId);
        json.WriteString("kind"u8, transaction.Kind);
        json.WriteString("direction"u8, transaction.Direction);
        Answers.WriteAmount(json, "amount", transaction.AmountMinor, currency);
        Answers.WriteMoney(json, "balance", new Money(transaction.BalanceAfterMinor, currency));
        if (transaction.CounterpartyId is { } counterparty) json.WriteString("counterpartyId"u8, counterparty);
        if (transaction.Reference is not null) json.WriteString("reference"u8, transaction.Reference);
        if (transaction.SagaId is { } saga) json.WriteString("sagaId"u8, saga);
        json.WriteString("at"u8, Timestamp.Write(transaction.BookedAtUs));
        PaymentParties.Write(json, transaction.Details);
        json.WriteEndObject();
    }
}
