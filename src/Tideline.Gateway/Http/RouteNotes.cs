namespace Tideline.Gateway.Http;

/// <summary>What the reference says about a route.</summary>
/// <param name="Summary">One sentence: what it does.</param>
/// <param name="Answer">An example of the answer.</param>
internal sealed record RouteNotes(string Summary, string Answer)
{
    /// <summary>The JSON body it takes.</summary>
    public BodyShape? Body { get; init; }

    /// <summary>The query parameters it takes.</summary>
    public BodyShape? Query { get; init; }

    /// <summary>Whether it needs an Idempotency-Key and answers with a Tideline-Token.</summary>
    public bool IsCommand { get; init; }

    /// <summary>Whether it honours Tideline-Consistency.</summary>
    public bool IsRead { get; init; }

    /// <summary>The status when all goes well.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The media type of the body, where it is not JSON.</summary>
    public string? BodyType { get; init; }

    /// <summary>The media type of the answer.</summary>
    public string AnswerType { get; init; } = MediaTypes.Json;

    /// <summary>Whether it answers with XML too, where the client would rather have that.</summary>
    public bool OffersXml { get; init; }
}
