using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas.Transactions;

namespace Tideline.Sagas;

/// <summary>
/// Reads messages of <c>saga.commands</c>. Messages from a bus are validated like any other input: only a complete
/// message with values that a saga of this installation can send becomes a command.
/// </summary>
internal static class SagaMessages
{
    /// <summary>The command that a message requests of a shard.</summary>
    /// <exception cref="TidelineException">InvalidInput or IncompatibleData: why it cannot be handled.</exception>
    public static LedgerCommand Read(
        int shard, ShardMap map, SagaDefinitions definitions, string type, ReadOnlySpan<byte> data)
    {
        try
        {
            return type switch
            {
                SagaEngine.RequestType => Request(shard, map, SagaJson.Read(data, SagaJson.Default.SagaRequest)),
                SagaEngine.ReplyType => Reply(shard, map, definitions, SagaJson.Read(data, SagaJson.Default.SagaReply)),
                TransactionRequest.Type => Request(
                    shard, map, SagaJson.Read(data, SagaJson.Default.TransactionRequest)),
                TransactionReply.Type => Reply(shard, map, SagaJson.Read(data, SagaJson.Default.TransactionReply)),
                _ => throw Wrong("no saga message has this type"),
            };
        }
        catch (JsonException fault)
        {
            throw Wrong($"it is not valid JSON for a message: {fault.Message}");
        }
    }

    private static ExecuteSagaStep Request(int shard, ShardMap map, SagaRequest request)
    {
        RequireVersion(request.Owner);
        if (request.SagaId == Guid.Empty)
            throw Wrong("it names no saga");
        if (request.OwnerShard < 0 || request.OwnerShard >= map.Shards || request.OwnerShard == shard)
            throw Wrong("its saga is not on another shard");
        if (request.Step < 0)
            throw Wrong("it names no step");
        if (request.Posting is not { } posting)
            throw Wrong("it has no posting");
        if (map.ShardOf(posting.AccountId) != shard)
            throw Wrong($"account {posting.AccountId} is not on shard {shard}");
        if (DerivedId.IsDerived(posting.AccountId) || posting.TransactionId == Guid.Empty)
            throw Wrong("its posting names no customer account or transaction");
        if (!Currency.TryParse(posting.Currency, out _))
            throw Wrong("its currency is unknown");
        // Only the owner's own shard debits accounts for a saga.
        if (posting.AmountMinor is <= 0 or > Limits.AmountMinor || posting.Against != AccountKind.Clearing)
            throw Wrong("its posting is not a credit from clearing");
        if (posting.Kind is not (TransactionKind.Transfer or TransactionKind.Payout)
            && ((int)posting.Kind < TransactionKinds.FirstOfServices || TransactionKinds.Find(posting.Kind) is null))
            throw Wrong("no step has a posting of this kind");
        if (posting.Reference?.Length > Limits.ReferenceCharacters)
            throw Wrong("its reference is too long");
        return new ExecuteSagaStep(request);
    }

    private static AdvanceSaga Reply(int shard, ShardMap map, SagaDefinitions definitions, SagaReply reply)
    {
        RequireVersion(reply.Owner);
        if (reply.SagaId == Guid.Empty)
            throw Wrong("it names no saga");
        definitions.Of(reply.Owner);
        if (reply.Position.Shard < 0 || reply.Position.Shard >= map.Shards || reply.Position.Seq < 0)
            throw Wrong("its position is on no shard");
        if (reply.RefusalReason != 0 && Refusals.Find(reply.RefusalReason) is null)
            throw Wrong("its refusal is unknown");
        if (reply.RefusalDetail?.Length > SagaLimits.DetailCharacters)
            throw Wrong("its detail is too long");
        return new AdvanceSaga(reply.SagaId, shard, SagaTrigger.Reply, definitions, reply, reply.Owner);
    }

    private static ExecuteTransactionStep Request(int shard, ShardMap map, TransactionRequest request) =>
        request.FindFault(shard, map) is { } fault ? throw Wrong(fault) : new ExecuteTransactionStep(request);

    private static AdvanceTransaction Reply(int shard, ShardMap map, TransactionReply reply) =>
        reply.FindFault(shard, map) is { } fault
            ? throw Wrong(fault)
            : new AdvanceTransaction(reply.SagaId, SagaTrigger.Reply, reply.Home, reply);

    private static void RequireVersion(SagaVersion? owner)
    {
        if (owner?.Definition is null || owner.Data is not { } data)
            throw Wrong("it does not name the movement of its saga");
        if (!Currency.TryParse(data.Currency, out _) || data.AmountMinor is <= 0 or > Limits.AmountMinor)
            throw Wrong("the movement of its saga has no amount");
    }

    private static TidelineException Wrong(string why) =>
        new(ErrorCode.InvalidInput, $"The message cannot be handled: {why}.");
}
