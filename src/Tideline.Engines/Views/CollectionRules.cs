using System.Text.RegularExpressions;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views;

/// <summary>
/// What every engine of the view tier asks of definitions, writes and queries before it touches its data.
/// </summary>
internal static partial class CollectionRules
{
    /// <summary>
    /// The highest revision that the program's own writes can reach: one beyond it was written by somebody else.
    /// </summary>
    public const long HighestRevision = long.MaxValue / 2;

    /// <summary>Whether a stored revision can be one that the program wrote.</summary>
    public static bool IsRevision(long revision) => revision is >= 1 and <= HighestRevision;

    /// <summary>Checks the names of a collection and of its indexed fields.</summary>
    /// <exception cref="TidelineException">InvalidInput.</exception>
    public static void Check(CollectionDefinition definition)
    {
        CheckName(definition.Name);
        if (definition.Indexes.SelectMany(index => index)
            .FirstOrDefault(field => !FieldPattern().IsMatch(field)) is { } bad)
            throw new TidelineException(ErrorCode.InvalidInput,
                $"'{bad}' cannot name an indexed field: letters, digits and _, a letter first, at most 64.");
    }

    /// <summary>Checks the name of a collection.</summary>
    /// <exception cref="TidelineException">InvalidInput.</exception>
    public static void CheckName(string name)
    {
        if (!NamePattern().IsMatch(name) || name.StartsWith("tl_", StringComparison.Ordinal))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"'{name}' cannot name a collection: use lower-case "
                + $"letters, digits and _, a letter first, at most 64.");
    }

    /// <summary>Checks that a write makes the revision grow.</summary>
    /// <exception cref="TidelineException">InvalidInput.</exception>
    public static void Check(DocumentWrite write)
    {
        if (write.Json is not null && write.Revision <= write.ExpectedRevision)
            throw new TidelineException(ErrorCode.InvalidInput,
                $"The revision of '{write.Id}' must grow: {write.ExpectedRevision} → {write.Revision}.");
    }

    /// <summary>The index that answers a query in its order; null: the ids themselves.</summary>
    /// <exception cref="TidelineException">InvalidInput: there is none, or the page is too large.</exception>
    public static IReadOnlyList<string>? IndexFor(CollectionDefinition definition, DocumentQuery query)
    {
        if (query.Limit is < 1 or > ViewLimits.QueryDocuments) throw new TidelineException(
            ErrorCode.InvalidInput, $"A page must have 1 to {ViewLimits.QueryDocuments} documents.");
        if (query.Equal.Count == 0 && query.OrderBy is null) return null;
        if (definition.Indexes.FirstOrDefault(index => Answers(index, query)) is { } answers) return answers;
        var fields = query.OrderBy is { } order ? query.Equal.Keys.Append(order) : query.Equal.Keys;
        throw new TidelineException(
            ErrorCode.InvalidInput, $"'{definition.Name}' has no index on '{string.Join(", ", fields)}'.");
    }

    private static bool Answers(IReadOnlyList<string> index, DocumentQuery query) =>
        index.Count == query.Equal.Count + (query.OrderBy is null ? 0 : 1)
        && index.Take(query.Equal.Count).All(query.Equal.ContainsKey)
        && (query.OrderBy is null || string.Equals(index[^1], query.OrderBy, StringComparison.Ordinal));

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,63}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9_]{0,63}\z")]
    private static partial Regex FieldPattern();
}
