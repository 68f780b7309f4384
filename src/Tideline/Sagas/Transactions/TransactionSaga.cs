using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>
/// A transaction whose accounts are on several shards. The owner is the shard of its first leg.
/// </summary>
/// <remarks>
/// <code>
/// reserve here ──refused──► there is no saga
///     └─► reserve on all others ─reserved─► PIVOT: post here ─► post on all others ─► Completed
///              └─ refused, deadline, operator ─► release here ─► release on all others ─► Compensated
/// </code>
/// Before the pivot nothing is booked; after it nothing can be refused, because everything was reserved. On each shard
/// the posting sums to zero against the clearing account of the owner.
/// </remarks>
internal static class TransactionSaga
{
    public const string Name = "transaction";

    /// <summary>Its two steps, as shown to operators; <see cref="AdvanceTransaction"/> advances it.</summary>
    public static SagaDefinition Version1 { get; } = new(
        Name, 1,
        [
            new SagaStep("reserve", IsPivot: true, RetryPolicy.Default, TimeSpan.FromMinutes(5), null, null),
            new SagaStep("post", IsPivot: false, RetryPolicy.Default, TimeSpan.FromMinutes(5), null, null),
        ]);

    /// <summary>
    /// Begins it on the owner's shard. If that shard refuses, no saga is created and nothing changes.
    /// </summary>
    public static Refusal? Begin(Batch batch, Guid id, TransactionOrder order)
    {
        var (map, owner) = (batch.Context.Map, batch.Context.Shard);
        if (batch.Rows.Aggregates.ContainsKey(id))
            return new Refusal(RefusalReason.DuplicateId, $"{id} already exists.");
        if (Reservations.Reserve(batch, id, owner, order.PartOf(map, owner)) is { } refusal) return refusal;
        var data = new TransactionData { Order = order, Waiting = Others(order, map, owner) };
        var row = new SagaRow(
            id, Name, Version1.Version, SagaState.Running, 0, 0, null, [], [], batch.TimeUs, batch.TimeUs);
        Ask(batch, row, data, []);
        return null;
    }

    /// <summary>The participating shards other than the owner.</summary>
    public static int[] Others(TransactionOrder order, ShardMap map, int owner) =>
        [.. order.ShardsOf(map).Where(shard => shard != owner)];

    /// <summary>Sends requests to all shards that have not answered yet, sets the timer and stores the saga.</summary>
    public static void Ask(Batch batch, SagaRow row, TransactionData data, IReadOnlyList<SagaHistory> history)
    {
        var (map, owner) = (batch.Context.Map, batch.Context.Shard);
        var home = TransactionHome.Of(data.Order, map, owner);
        foreach (var shard in data.Waiting)
        {
            var request = new TransactionRequest(
                row.Id, owner, data.ActionAt(row.Step), data.Order.PartOf(map, shard), home);
            batch.Send(
                shard, row.Id, TransactionRequest.Type,
                JsonSerializer.SerializeToUtf8Bytes(request, SagaJson.Default.TransactionRequest));
        }

        Keep(
            batch,
            row with
            {
                State = data.RefusalReason == 0 ? SagaState.Running : SagaState.Compensating,
                Attempts = row.Attempts + 1,
                WakeUs = RetryPolicy.Default.NextUs(batch.TimeUs, row.Attempts),
            },
            data, history);
    }

    /// <summary>Stores the saga in its present state.</summary>
    public static void Keep(Batch batch, SagaRow row, TransactionData data, IReadOnlyList<SagaHistory> history) =>
        batch.Put(row with
        {
            Data = JsonSerializer.SerializeToUtf8Bytes(data, SagaJson.Default.TransactionData),
            History = JsonSerializer.SerializeToUtf8Bytes([.. history], SagaJson.Default.SagaHistoryArray),
            UpdatedUs = batch.TimeUs,
        });

    /// <exception cref="TidelineException">Corrupt: the row cannot be read.</exception>
    public static TransactionData Read(SagaRow row)
    {
        try
        {
            return SagaJson.Read(row.Data, SagaJson.Default.TransactionData);
        }
        catch (JsonException fault)
        {
            throw new TidelineException(ErrorCode.Corrupt, $"Saga {row.Id} cannot be read.", fault);
        }
    }
}

/// <summary>The state of a transaction's saga. The JSON is stored with each instance: append only.</summary>
internal sealed record TransactionData
{
    public required TransactionOrder Order { get; init; }

    /// <summary>The shards that have not answered the last request.</summary>
    public int[] Waiting { get; init; } = [];

    /// <summary>Why it is released; 0 if it is not.</summary>
    public RefusalReason RefusalReason { get; init; }

    public string? RefusalDetail { get; init; }

    /// <summary>The positions it wrote, one per shard.</summary>
    public Position[] Positions { get; init; } = [];

    /// <summary>The action requested of the other shards at a step.</summary>
    public TransactionAction ActionAt(int step) =>
        RefusalReason != 0 ? TransactionAction.Release : step == 0 ? TransactionAction.Reserve : TransactionAction.Post;

    public TransactionData At(Position position) => position.Seq == 0
        ? this
        : this with { Positions = [.. Positions.Where(known => known.Shard != position.Shard), position] };
}
