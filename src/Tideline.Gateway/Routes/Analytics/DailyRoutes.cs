using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Services.Analytics;

namespace Tideline.Gateway.Routes.Analytics;

/// <summary>A bank's daily figures.</summary>
internal sealed class DailyRoutes(GatewayParts parts)
{
    private static readonly BodyShape Days = new(
        new("from", "the first day.", "2026-01-01"), new("to", "the last day.", "2026-01-31"),
        new("currency", "an ISO 4217 code; without it, all currencies.", "EUR"), QueryReader.Limit);

    public void Map(RouteTable routes) => routes.Get("/v1/analytics/daily", new RouteNotes(
        "The movements on customer accounts per day (UTC) and currency: entries, money in and money out, by kind.",
        """
        {"items":[{"day":"2026-01-31","currency":"EUR","kinds":[{"kind":"deposit","count":2,"in":"100.00",
        "out":"0.00"}]}]}
        """)
    {
        Query = Days,
    }, FindAsync);

    private async Task<Problem?> FindAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Days);
        var (from, to) = (Day(query, "from"), Day(query, "to"));
        var currency = query.OptionalText("currency", 3) is null ? null : query.Currency("currency").Code;
        var rows = QueryReader.PageRows(query);
        if (query.Problem is { } problem) return problem;
        var (days, stalenessMs) = await new DailyQueries(parts.Projections)
            .FindAsync(from, to, currency, rows, http.RequestAborted);
        Answers.SetServed(http, ServedBy.View, stalenessMs);
        JsonAnswer.Write(http, StatusCodes.Status200OK, days, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var day in items)
            {
                json.WriteStartObject();
                json.WriteString("day"u8, day.Day);
                json.WriteString("currency"u8, day.Currency);
                json.WriteStartArray("kinds"u8);
                var exponent = Currency.Parse(day.Currency).Exponent;
                foreach (var (kind, figures) in day.Kinds)
                {
                    json.WriteStartObject();
                    json.WriteString("kind"u8, kind);
                    json.WriteNumber("count"u8, figures.Count);
                    json.WriteString("in"u8, Answers.Decimals(figures.InMinor, exponent));
                    json.WriteString("out"u8, Answers.Decimals(figures.OutMinor, exponent));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private static string? Day(FieldReader query, string name) =>
        query.OptionalTime(name) is { } time ? DailyFigures.DayOf(time.ToUs()) : null;
}
