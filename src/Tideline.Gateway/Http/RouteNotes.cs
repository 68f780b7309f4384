namespace Tideline.Gateway.Http;

/// <summary>The description of a route in the reference.</summary>
/// <param name="Summary">One sentence: what it does.</param>
/// <param name="Answer">An example of the answer.</param>
internal sealed record RouteNotes(string Summary, string Answer)
{
    /// <summary>The JSON body that it accepts.</summary>
    public BodyShape? Body { get; init; }

    /// <summary>The query parameters that it accepts.</summary>
    public BodyShape? Query { get; init; }

    /// <summary>Whether it requires an Idempotency-Key and answers with a Tideline-Token.</summary>
    public bool IsCommand { get; init; }

    /// <summary>Whether it honours Tideline-Consistency.</summary>
    public bool IsRead { get; init; }

    /// <summary>The status on success.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The media type of the body, if it is not JSON.</summary>
    public string? BodyType { get; init; }

    /// <summary>The media type of the answer.</summary>
    public string AnswerType { get; init; } = MediaTypes.Json;

    /// <summary>Whether it also answers with XML, if the client prefers that.</summary>
    public bool OffersXml { get; init; }
}
