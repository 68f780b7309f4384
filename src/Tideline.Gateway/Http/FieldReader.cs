using System.Text;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Gateway.Http;

/// <summary>
/// Reads typed values from a request. The first error becomes <see cref="Problem"/>; after that every value is empty,
/// so a handler reads all fields and checks once.
/// </summary>
internal sealed class FieldReader(BodyShape shape, string?[] values)
{
    private static readonly BodyShape Nothing = new();

    /// <summary>The first error; null if there is none.</summary>
    public Problem? Problem { get; set; }

    /// <summary>For a route without a body.</summary>
    public static FieldReader Empty() => new(Nothing, []);

    /// <summary>For a body that could not be read.</summary>
    public static FieldReader Failed(BodyShape shape, Problem problem) =>
        new(shape, new string?[shape.Fields.Length]) { Problem = problem };

    /// <summary>A UUID; null when the field is absent.</summary>
    public Guid? OptionalId(string name)
    {
        if (Value(name) is not { } text) return null;
        if (Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty) return id;
        Fail(ProblemTypes.InvalidId, $"'{name}' must be a UUID such as 0197a1b2-0000-7000-8000-000000000001.", name);
        return null;
    }

    /// <summary>
    /// The UUID of something new; null if the field is absent. Version 8 is reserved for derived ids.
    /// </summary>
    public Guid? OptionalNewId(string name)
    {
        var id = OptionalId(name);
        if (id is { Version: 8 })
            Fail(ProblemTypes.InvalidId, $"'{name}' must not be a UUID of version 8, which is reserved.", name);
        return id;
    }

    /// <summary>The UUID of a required field.</summary>
    public Guid Id(string name) => OptionalId(name) ?? Guid.Empty;

    /// <summary>The UUID in the path.</summary>
    public Guid PathId(HttpContext http, string name = "id")
    {
        if (Guid.TryParseExact(http.Request.RouteValues[name] as string, "D", out var id)) return id;
        Fail(ProblemTypes.InvalidId,
            "The id in the path must be a UUID such as 0197a1b2-0000-7000-8000-000000000001.", name);
        return Guid.Empty;
    }

    /// <summary>The text in the path: a UUID, or another key without control characters.</summary>
    public string PathText(HttpContext http, int limitCharacters, string name = "id")
    {
        if (http.Request.RouteValues[name] is string { Length: > 0 } text && text.Length <= limitCharacters
            && !text.Any(char.IsControl)) return text;
        Fail(ProblemTypes.InvalidId, $"The key in the path must have 1 to {limitCharacters} characters.", name);
        return "";
    }

    /// <summary>A text without control characters; null when the field is absent.</summary>
    public string? OptionalText(string name, int limitCharacters)
    {
        if (Value(name) is not { } text) return null;
        if (string.IsNullOrWhiteSpace(text))
            Fail(ProblemTypes.InvalidField, $"'{name}' is empty; give it a value or leave it out.", name);
        else if (text.Length > limitCharacters) Fail(
            ProblemTypes.InvalidField, $"'{name}' has {text.Length} characters; the limit is {limitCharacters}.", name);
        else if (text.Any(char.IsControl))
            Fail(ProblemTypes.InvalidField, $"'{name}' must not have control characters.", name);
        return text;
    }

    /// <summary>The text of a required field.</summary>
    public string Text(string name, int limitCharacters) => OptionalText(name, limitCharacters) ?? "";

    /// <summary>An ISO 4217 currency; the default value if the field is absent.</summary>
    public Currency Currency(string name)
    {
        if (Value(name) is not { } code) return default;
        if (!Kernel.Currency.TryParse(code, out var currency)) Fail(ProblemTypes.UnknownCurrency,
            "The currency must be an ISO 4217 code in capital letters, such as EUR.", name);
        return currency;
    }

    /// <summary>A positive amount; null when it is absent.</summary>
    public Money? OptionalMoney(string amount, string currency)
    {
        var known = Currency(currency);
        if (Problem is not null || Value(amount) is not { } text) return null;
        if (known == default)
        {
            Fail(ProblemTypes.MissingField, $"An amount needs its currency: send '{currency}' too.", currency);
            return null;
        }

        var wrong = Kernel.Money.TryParse(text, known, out var money);
        if (wrong is null && money.Minor <= 0) wrong = "The amount must be greater than zero.";
        if (wrong is not null) Fail(ProblemTypes.Of(RefusalReason.InvalidAmount), wrong, amount);
        return money;
    }

    /// <summary>A positive amount of required fields.</summary>
    public Money Money(string amount = "amount", string currency = "currency") =>
        OptionalMoney(amount, currency) ?? default;

    /// <summary>
    /// A time with its offset (RFC 3339), or a date, meaning midnight UTC; null if the field is absent.
    /// </summary>
    public DateTimeOffset? OptionalTime(string name)
    {
        if (Value(name) is not { } text) return null;
        if (Timestamp.TryParse(text, out var time)) return time;
        Fail(ProblemTypes.InvalidField,
            $"'{name}' must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z, or a date.", name);
        return null;
    }

    /// <summary>True or false; false when the field is absent.</summary>
    public bool Flag(string name) => Value(name) == "true";

    /// <summary>Whether the field is present.</summary>
    public bool Has(string name) => Value(name) is not null;

    /// <summary>Reports an error of a field, unless one was reported before.</summary>
    public void Fail(ProblemType type, string detail, string? field = null) =>
        Problem ??= new Problem(type, detail, field);

    /// <summary>The stored form of the client's idempotency key, from the header.</summary>
    public Guid Key(HttpContext http)
    {
        var header = http.Request.Headers["Idempotency-Key"];
        if (header.Count == 1) return Key(header[0]!);
        if (header.Count == 0) Fail(ProblemTypes.KeyMissing, "Send a header Idempotency-Key with a text of your choice "
            + "that is new for every new request, such as a UUID.", "Idempotency-Key");
        else Fail(ProblemTypes.KeyInvalid, "Send the header Idempotency-Key once.", "Idempotency-Key");
        return Guid.Empty;
    }

    /// <summary>The stored form of the client's idempotency key, from a field.</summary>
    public Guid KeyIn(string name) => Value(name) is { } text ? Key(text, name) : Guid.Empty;

    /// <summary>The stored form of a client's idempotency key.</summary>
    public Guid Key(string given, string field = "Idempotency-Key")
    {
        if (!IdempotencyKey.TryRead(given, out var key))
            Fail(
                ProblemTypes.KeyInvalid,
                $"An idempotency key is 1 to {GatewayLimits.IdempotencyKeyCharacters} printable ASCII characters; "
                + "spaces and quotes around it are ignored.",
                field);
        // The scope becomes the principal once requests carry an identity.
        return Problem is null ? Idempotency.Key("", key) : Guid.Empty;
    }

    /// <summary>
    /// The hash of the request: the operation, the id in the path and every field except <paramref name="except"/>,
    /// each prefixed with its length.
    /// </summary>
    public Guid Fingerprint(string operation, Guid pathId = default, string? except = null)
    {
        if (Problem is not null) return Guid.Empty;
        var text = new StringBuilder(256).Append(operation).Append('|');
        if (pathId != default) text.Append(pathId).Append('|');
        for (var index = 0; index < values.Length; index++)
        {
            if (shape.Fields[index].Name == except) continue;
            if (values[index] is { } value) text.Append(value.Length).Append(':').Append(value);
            text.Append('|');
        }

        return Idempotency.Fingerprint(text.ToString());
    }

    private string? Value(string name) => Problem is null ? values[shape.IndexOf(name)] : null;
}
