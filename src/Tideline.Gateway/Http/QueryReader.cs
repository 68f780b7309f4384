using System.Globalization;
using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Http;

/// <summary>
/// Reads query parameters as strictly as bodies: a misspelt parameter must not silently widen a list.
/// </summary>
internal static class QueryReader
{
    /// <summary>The number of rows of a page.</summary>
    public static BodyField Limit { get; } = new(
        "limit", $"rows of a page, 1 to {Limits.PageRows}; default: {Limits.DefaultPageRows}.", "50");

    /// <summary>The start of a page.</summary>
    public static BodyField After { get; } = new("cursor", "the nextCursor of the previous page.", "ZW50cmllc3w0Mg");

    /// <summary>The parameters of a request.</summary>
    public static FieldReader Read(HttpContext http, BodyShape shape)
    {
        var values = new string?[shape.Fields.Length];
        foreach (var (name, given) in http.Request.Query)
        {
            if (!shape.Fields.Any(field => field.Name == name))
            {
                var known = shape.Fields.Length == 0 ? "this route takes none"
                    : "the parameters are " + string.Join(", ", shape.Fields.Select(field => field.Name));
                return FieldReader.Failed(
                    shape, new Problem(ProblemTypes.InvalidQuery, $"'{(name.Length <= 64 ? name : name[..64])}' is not "
                        + $"known here; {known}.", name.Length <= 64 ? name : name[..64]));
            }

            if (given.Count != 1) return FieldReader.Failed(
                shape, new Problem(ProblemTypes.InvalidQuery, $"Send the parameter '{name}' once.", name));
            values[shape.IndexOf(name)] = given[0];
        }

        return new FieldReader(shape, values);
    }

    /// <summary>The requested number of rows.</summary>
    public static int PageRows(FieldReader query)
    {
        if (query.OptionalText("limit", 8) is not { } text) return Limits.DefaultPageRows;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rows)
            && rows is >= 1 and <= Limits.PageRows) return rows;
        query.Fail(ProblemTypes.InvalidQuery, $"'limit' must be a number from 1 to {Limits.PageRows}.", "limit");
        return Limits.DefaultPageRows;
    }

    /// <summary>Whether a parameter is true; false if it is absent.</summary>
    public static bool Flag(FieldReader query, string name)
    {
        var text = query.OptionalText(name, 8);
        if (text is not (null or "true" or "false"))
            query.Fail(ProblemTypes.InvalidQuery, $"'{name}' must be true or false.", name);
        return text == "true";
    }

    /// <summary>The place in the cursor; null without a cursor.</summary>
    public static string? Place(FieldReader query, string list)
    {
        if (query.OptionalText("cursor", 1024) is not { } text) return null;
        var place = Cursor.Read(list, text);
        if (place is null) query.Fail(ProblemTypes.InvalidCursor, "The cursor does not belong to this list; send the "
            + "nextCursor of the previous page, or leave it out to start again.", "cursor");
        return place;
    }
}
