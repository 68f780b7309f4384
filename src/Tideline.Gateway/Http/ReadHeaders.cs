using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Queries;

namespace Tideline.Gateway.Http;

/// <summary>Reads the requested freshness from the headers.</summary>
internal static class ReadHeaders
{
    /// <summary>The requested level; an error is reported to <paramref name="fields"/>.</summary>
    public static ReadConsistency Consistency(HttpContext http, FieldReader fields, GeneralLedger ledger)
    {
        var (levels, tokens) = (http.Request.Headers["Tideline-Consistency"], http.Request.Headers["Tideline-Token"]);
        var (level, token) = (levels.ToString(), tokens.ToString());
        if (levels.Count > 0 && string.IsNullOrWhiteSpace(level))
            fields.Fail(ProblemTypes.InvalidConsistency,
                "Tideline-Consistency is empty; name a level or leave it out.", "Tideline-Consistency");
        if (tokens.Count > 0 && string.IsNullOrWhiteSpace(token))
            fields.Fail(ProblemTypes.InvalidToken,
                "Tideline-Token is empty; send a token or leave it out.", "Tideline-Token");
        try
        {
            if (token.Length > 0) ConsistencyToken.Parse(token, TokenScope.Of(ledger));
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            fields.Fail(ProblemTypes.InvalidToken, fault.Message, "Tideline-Token");
            return ReadConsistency.Eventual;
        }

        try
        {
            return ReadConsistency.Parse(level, token, TokenScope.Of(ledger));
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            fields.Fail(ProblemTypes.InvalidConsistency, fault.Message, "Tideline-Consistency");
            return ReadConsistency.Eventual;
        }
    }
}
