using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Services.Accounts;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>Creates customers on the strong tier.</summary>
internal sealed class CustomerRoutes(GatewayParts parts)
{
    private static readonly BodyShape NewCustomer = new(
        new("name", "the customer's full name.", "Ada Lovelace", Required: true),
        new("email", "where the customer can be reached.", "ada@example.com", Required: true),
        new("country", "where the customer lives, as an ISO 3166 code of two capital letters.", "GB", Required: true),
        new("customerId", "an id you choose, a UUID of any version but 8.", "0197a1b2-0000-7000-8000-000000000001"));

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/customers",
            new RouteNotes("Creates a customer.", """{"customerId":"0197a1b2-0000-7000-8000-000000000001"}""")
            {
                Body = NewCustomer, IsCommand = true, Status = 201,
            }, CreateAsync);
    }

    private async Task<Problem?> CreateAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, NewCustomer);
        var command = new CreateCustomer(
            fields.OptionalNewId("customerId") ?? parts.Ledger.Ids.Next(),
                fields.Text("name", GatewayLimits.NameCharacters),
            Email(fields), Country(fields))
        {
            Key = fields.Key(http), Fingerprint = fields.Fingerprint("customers"),
        };
        if (fields.Problem is { } problem) return problem;
        var reply = await parts.Time.ForAsync(parts.Ledger.ExecuteAsync(command, http.RequestAborted));
        return await Answers.Command(http, reply, StatusCodes.Status201Created, "customerId");
    }

    private static string Email(FieldReader fields)
    {
        var email = fields.Text("email", GatewayLimits.EmailCharacters);
        var at = email.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at == email.Length - 1
            || at != email.LastIndexOf('@') || email.Contains(' ', StringComparison.Ordinal))
            fields.Fail(ProblemTypes.InvalidField, "'email' must be an address such as ada@example.com.", "email");
        return email;
    }

    private static string Country(FieldReader fields)
    {
        var country = fields.Text("country", 2);
        if (country.Length != 2 || country.AsSpan().ContainsAnyExceptInRange('A', 'Z'))
            fields.Fail(ProblemTypes.InvalidField,
                "'country' must be an ISO 3166 code of two capital letters, such as GB.", "country");
        return country;
    }
}
