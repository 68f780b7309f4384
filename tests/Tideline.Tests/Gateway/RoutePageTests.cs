using Tideline.Gateway.Http;
using Tideline.Tests.Tidy;

namespace Tideline.Tests.Gateway;

/// <summary>
/// The page of routes is the program's own table. With <c>TIDELINE_WRITE_PAGES</c> in the environment it is written.
/// </summary>
public sealed class RoutePageTests
{
    private const string Head = "| Route | What it does | Takes |\n|---|---|---|\n";

    [Fact]
    public async Task The_page_lists_every_route_with_what_it_takes()
    {
        await using var server = await GatewayServer.StartAsync();
        var table = Head + string.Concat(server.Routes
            .OrderBy(route => route.Path, StringComparer.Ordinal).ThenBy(route => route.Method, StringComparer.Ordinal)
            .Select(route => $"| `{route.Method} {route.Path}` | {route.Notes.Summary} | {Takes(route.Notes)} |\n"));
        await GeneratedPage.ShouldHoldAsync("routes.md", Head, table);
    }

    private static string Takes(RouteNotes notes)
    {
        var parts = new List<string>();
        if (notes.IsCommand) parts.Add("`Idempotency-Key`");
        if (notes.IsRead) parts.Add("`Tideline-Consistency`");
        if (notes.BodyType is { } type) parts.Add($"a body of `{type}`");
        parts.AddRange((notes.Body?.Fields ?? []).Select(field => $"`{field.Name}`{(field.Required ? "" : "?")}"));
        parts.AddRange((notes.Query?.Fields ?? []).Select(field => $"`?{field.Name}=`"));
        return string.Join(", ", parts);
    }
}
