using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>
/// The JSON of a transfer, the same for single requests and for lines of a batch: a request may be repeated through
/// either.
/// </summary>
internal static class TransferFields
{
    /// <summary>The field with the key in a line of a batch.</summary>
    public const string KeyName = "idempotencyKey";

    /// <summary>The fields, in the order in which they enter the fingerprint.</summary>
    public static IReadOnlyList<BodyField> All { get; } =
    [
        new("from", "the account that pays.", "0197a1b2-0000-7000-8000-00000000000a", Required: true),
        new("to", "the account that is paid.", "0197a1b2-0000-7000-8000-00000000000b", Required: true),
        new("amount", "a decimal amount, greater than zero.", "12.34", Required: true),
        new("currency", "the currency of both accounts.", "EUR", Required: true),
        new("reference", "a text of your choice, up to 140 characters.", "Rent"),
    ];

    /// <summary>Reads a transfer; an error is reported to <paramref name="fields"/>.</summary>
    public static TransferRequest Read(FieldReader fields, Guid key)
    {
        var (from, to) = (fields.Id("from"), fields.Id("to"));
        if (from == to) fields.Fail(
            ProblemTypes.Of(RefusalReason.SameAccount),
                "'from' and 'to' are the same account; name two accounts.", "to");
        var (amount, reference) = (fields.Money(), fields.OptionalText("reference", Limits.ReferenceCharacters));
        return new TransferRequest(from, to, amount, reference, key, fields.Fingerprint("transfers", except: KeyName));
    }

    /// <summary>Why a transfer did not happen; null if it did or still may.</summary>
    public static Problem? ProblemOf(TransferReply reply) =>
        reply.Status != TransferStatus.Refused ? null
        : Problem.Of(reply.Refusal ?? new Refusal(RefusalReason.InvalidAmount, "The transfer was refused."))
            with
        { TransferId = reply.TransferId == Guid.Empty ? null : reply.TransferId };

    /// <summary>201 if it has settled, 202 while it is in progress.</summary>
    public static int StatusOf(TransferReply reply) => reply.Status == TransferStatus.Settled
        ? StatusCodes.Status201Created
        : StatusCodes.Status202Accepted;

    /// <summary>The published name of a status.</summary>
    public static string NameOf(TransferStatus status) => status switch
    {
        TransferStatus.Settled => "settled",
        TransferStatus.Running => "running",
        TransferStatus.Refused => "refused",
        _ => "parked",
    };

    /// <summary>Writes the fields of an answer.</summary>
    public static void Write(Utf8JsonWriter json, TransferReply reply, Currency currency)
    {
        json.WriteString("transferId"u8, reply.TransferId);
        json.WriteString("sagaId"u8, reply.TransferId);
        json.WriteString("status"u8, NameOf(reply.Status));
        Answers.WriteMoney(json, "balance", new Money(reply.BalanceMinor, currency));
    }
}
