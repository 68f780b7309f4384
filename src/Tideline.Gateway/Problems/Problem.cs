using Tideline.Kernel;

namespace Tideline.Gateway.Problems;

/// <summary>
/// A problem to answer: <paramref name="Detail"/> is a sentence that a person can act on; <paramref name="Field"/> is
/// the field concerned, if any.
/// </summary>
internal sealed record Problem(ProblemType Type, string Detail, string? Field = null)
{
    /// <summary>Answers 404 instead of the type's status, because the path names the missing thing.</summary>
    public bool InPath { get; init; }

    /// <summary>The refused transfer, so that it can be looked up.</summary>
    public Guid? TransferId { get; init; }

    /// <summary>The status to answer with.</summary>
    public int Status => InPath ? StatusCodes.Status404NotFound : Type.Status;

    /// <summary>
    /// The problem of a refusal. A "not found" refusal is a 404 if <paramref name="inPath"/>, and a 422 if the id was
    /// in the body.
    /// </summary>
    public static Problem Of(Refusal refusal, bool inPath = false) =>
        new(ProblemTypes.Of(refusal.Reason), refusal.Detail)
        {
            InPath = inPath && refusal.Reason.Kind().Class == RefusalClass.Missing,
        };

    /// <summary>The problem of a body that the server could not read; null for any other fault.</summary>
    public static Problem? OfBody(Exception fault) => fault switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new(ProblemTypes.BodyTooLarge, fault.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            new(ProblemTypes.RequestTimeout,
                $"A body must arrive at {GatewayLimits.BodyBytesPerSecond} bytes per second or more."),
        BadHttpRequestException => new(ProblemTypes.Of(ErrorCode.InvalidInput), fault.Message),
        // A chunk length beyond 32 bits, which the server reports as its own fault.
        IOException { InnerException: OverflowException } =>
            new(ProblemTypes.Of(ErrorCode.InvalidInput), fault.Message),
        _ => null,
    };

    /// <summary>The problem of a fault. The message of an internal fault is only logged.</summary>
    public static Problem Of(TidelineException fault) => new(
        ProblemTypes.Of(fault.Code),
        fault.Code is ErrorCode.Internal or ErrorCode.Corrupt
            ? ProblemTypes.Of(fault.Code).Title + "; see the server's log."
            : fault.Message);
}
