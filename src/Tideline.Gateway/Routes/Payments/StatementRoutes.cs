using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Gateway.Routes.Accounts;
using Tideline.Kernel;
using Tideline.Services.Payments.Statements;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>Statements of accounts: camt.053 or JSON, streamed.</summary>
internal sealed class StatementRoutes(AccountStatements statements)
{
    private static readonly BodyShape Period = new(
        new("from", "the beginning, inclusive, an RFC 3339 time or a date.", "2026-01-01T00:00:00Z", Required: true),
        new("to", "the end, exclusive, not in the future; default: now.", "2026-02-01T00:00:00Z"));

    public void Map(RouteTable routes) => routes.Get("/v1/accounts/{id}/statement", new RouteNotes(
        "The booked entries of an account in a period: JSON, or camt.053 with Accept: application/xml.",
        """{"statementId":"0197a1b2-0000-7000-8000-0000000000c1","accountId":"0197a1b2-0000-7000-8000-00000000000a","currency":"EUR","openingBalance":"100.00","closingBalance":"87.66","entries":[{"version":3,"kind":"transfer","amount":"-12.34","balance":"87.66"}]}""")
    {
        Query = Period, IsRead = true, OffersXml = true,
    }, GetAsync);

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Period);
        var id = query.PathId(http);
        var from = query.OptionalTime("from");
        var to = query.OptionalTime("to");
        if (from is null) query.Fail(ProblemTypes.InvalidQuery,
            "The start is missing: ?from=2026-01-01T00:00:00Z.", "from");
        if (query.Problem is { } problem) return problem;
        if (from >= to) return EmptyPeriod();
        Statement statement;
        try
        {
            var found = await statements.GetAsync(id, from!.Value, to, http.RequestAborted);
            if (found is null) return AccountRoutes.NotFound(id);
            statement = found;
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            return EmptyPeriod();
        }

        Answers.SetServedByLedger(http);
        var entries = statements.GetEntriesAsync(statement, http.RequestAborted);
        var isXml = MediaTypes.WantsXml(http);
        http.Response.ContentType = isXml ? MediaTypes.Xml : MediaTypes.Json;
        await (isXml
            ? Camt053Writer.WriteAsync(statement, entries, http.Response.Body, http.RequestAborted)
            : StatementJsonWriter.WriteAsync(statement, entries, http.Response.Body, http.RequestAborted));
        return null;
    }

    private static Problem EmptyPeriod() =>
        new(ProblemTypes.InvalidQuery, "'from' must be before 'to' and before now.", "from");
}
