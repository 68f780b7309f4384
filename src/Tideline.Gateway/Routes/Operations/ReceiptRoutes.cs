using Tideline.Audit;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>Receipts: signed proofs of bookings.</summary>
internal sealed class ReceiptRoutes(ReceiptIssuer receipts)
{
    private static readonly BodyShape OfAccount = new(
        new BodyField("accountId", "only this account's entries, because an entry shows the balance; default: all.",
            "0197a1b2-0000-7000-8000-00000000000a"));

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/receipts/key", new RouteNotes(
            "The public key that checks this installation's receipts.",
            """
            {"keyId":"9f86d081884c7d659a2feaa0c55ad015","algorithm":"ES256",
            "publicKey":"-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n"}
            """), KeyAsync);
        routes.Get("/v1/receipts/{id}", new RouteNotes(
            "A signed receipt of a booked transaction or transfer: its entries, and their path to a published head of "
            + "the audit chain.",
            """
            {"receipt":{"version":1,"installation":"0197a1b2-0000-7000-8000-0000000000aa",
            "transactionId":"0197a1b2-0000-7000-8000-0000000000f2","kind":"transfer",
            "issuedAt":"2026-01-31T12:00:02.000000Z","entries":[{"accountId":"0197a1b2-0000-7000-8000-00000000000a",
            "amount":"-12.34","currency":"EUR","balance":"87.66","entryVersion":2,
            "bookedAt":"2026-01-31T12:00:00.000000Z","event":{"shard":0,"seq":5,"type":"ACCOUNT_DEBITED",
            "typeNumber":5,"subject":"0197a1b2-0000-7000-8000-00000000000a","version":3,"timeUs":1769860800000000,
            "data":"eyJ…"},"proof":{"block":2,"fromSeq":4,"throughSeq":6,"path":["9f86…"],"previousHash":"9f86…",
            "head":"9f86…"}}]},
            "signature":{"algorithm":"ES256","keyId":"9f86d081884c7d659a2feaa0c55ad015","value":"MEUC…"}}
            """)
        { Query = OfAccount }, GetAsync);
    }

    private async Task<Problem?> KeyAsync(HttpContext http)
    {
        var key = await receipts.PublicKeyAsync(http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, key, static (json, key) =>
        {
            json.WriteString("keyId"u8, key.Id);
            json.WriteString("algorithm"u8, ReceiptSignature.Es256);
            json.WriteString("publicKey"u8, key.Pem);
        });
        return null;
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, OfAccount);
        var (id, account) = (query.PathId(http), query.OptionalId("accountId"));
        if (query.Problem is { } problem) return problem;
        var answer = await receipts.IssueAsync(id, account, http.RequestAborted);
        if (answer.Pending is { } position)
            return new Problem(
                ProblemTypes.ReceiptPending, $"Event {position} of transaction {id} waits for its block of the audit "
                    + "chain to be published. Repeat the request in a second.");
        if (answer.Receipt is not { } receipt)
            return new Problem(
                ProblemTypes.ReceiptNotFound, account is null ? $"There is no booked transaction {id}."
                    : $"There is no booked transaction {id} with an entry on account {account}.");
        http.Response.ContentType = MediaTypes.Json;
        await http.Response.Body.WriteAsync(receipt.ToJson(), http.RequestAborted);
        return null;
    }
}
