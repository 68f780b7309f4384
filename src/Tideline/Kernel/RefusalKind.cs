namespace Tideline.Kernel;

/// <summary>A reason for which the ledger or a service refuses a command.</summary>
/// <param name="Reason">Its permanent number; of a service, <see cref="Refusals.FirstOfServices"/> or above.</param>
/// <param name="Name">The name of its problem type, as in <c>insufficient-funds</c>.</param>
/// <param name="Class">What a client can do about it.</param>
/// <param name="Title">The title of its problem type: a sentence without a full stop.</param>
public sealed record RefusalKind(RefusalReason Reason, string Name, RefusalClass Class, string Title)
    : NumberedName((int)Reason, Name);
