namespace Tideline.Kernel;

/// <summary>What a client can do about a refusal.</summary>
public enum RefusalClass
{
    /// <summary>A rule forbids the request as it stands (HTTP 422).</summary>
    Rule,

    /// <summary>The present state forbids it; it may be possible later (HTTP 409).</summary>
    Conflict,

    /// <summary>What it concerns does not exist (HTTP 404).</summary>
    NotFound,

    /// <summary>A thing that the request names does not exist (HTTP 422, or 404 if the path names it).</summary>
    Missing,
}
