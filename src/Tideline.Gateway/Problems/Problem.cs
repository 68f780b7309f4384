using Tideline.Kernel;

namespace Tideline.Gateway.Problems;

/// <summary>
/// One problem to answer: <paramref name="Detail"/> is a sentence a person can act on, <paramref name="Field"/> the
/// field it is about, if one is.
/// </summary>
internal sealed record Problem(ProblemType Type, string Detail, string? Field = null)
{
    /// <summary>404 instead of the type's status: the thing that is missing is the one the path names.</summary>
    public bool InPath { get; init; }

    /// <summary>The transfer that was refused, so that it can be looked up.</summary>
    public Guid? TransferId { get; init; }

    /// <summary>The status to answer with.</summary>
    public int Status => InPath ? StatusCodes.Status404NotFound : Type.Status;

    /// <summary>
    /// A refusal of the core. One that says "not found" is a 404 where <paramref name="inPath"/>, a 422 where the id
    /// stood in the body.
    /// </summary>
    public static Problem Of(Refusal refusal, bool inPath = false) =>
        new(ProblemTypes.Of(refusal.Reason), refusal.Detail)
        {
            InPath = inPath && refusal.Reason is RefusalReason.AccountNotFound
            or RefusalReason.CustomerNotFound or RefusalReason.HoldNotFound,
        };

    /// <summary>What is wrong with a body that the server could not read; null for a fault of another kind.</summary>
    public static Problem? OfBody(Exception fault) => fault switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new(ProblemTypes.BodyTooLarge, fault.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            new(ProblemTypes.RequestTimeout,
                $"A body must arrive at {Limits.BodyBytesPerSecond} bytes per second or more."),
        BadHttpRequestException => new(ProblemTypes.Of(ErrorCode.InvalidInput), fault.Message),
        // A chunk whose length is no number of 32 bits: the server takes that for a fault of its own.
        IOException { InnerException: OverflowException } =>
            new(ProblemTypes.Of(ErrorCode.InvalidInput), fault.Message),
        _ => null,
    };

    /// <summary>A fault of the core. What is internal stays inside: its message is for the log.</summary>
    public static Problem Of(TidelineException fault) => new(
        ProblemTypes.Of(fault.Code),
        fault.Code is ErrorCode.Internal or ErrorCode.Corrupt
            ? ProblemTypes.Of(fault.Code).Title + "; the log of the server says more."
            : fault.Message);
}
