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
}

/// <summary>A reason for which the ledger or a service refuses a command.</summary>
/// <param name="Reason">Its permanent number; of a service, <see cref="Refusals.FirstOfServices"/> or above.</param>
/// <param name="Name">The name of its problem type, as in <c>insufficient-funds</c>.</param>
/// <param name="Class">What a client can do about it.</param>
/// <param name="Title">The title of its problem type: a sentence without a full stop.</param>
public sealed record RefusalKind(RefusalReason Reason, string Name, RefusalClass Class, string Title) : INumberedName
{
    /// <inheritdoc/>
    public int Number => (int)Reason;
}
