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
///     └─► reserve on all others ──all reserved──► PIVOT: post here ─► post on all others ─► Completed
///               └─ one refused, deadline, operator ─► release here ─► release on all others ─► Compensated
/// </code>
/// Before the pivot nothing was booked; after it nothing can be refused, because all of it was reserved. On each shard
/// the posting adds up to zero against the clearing account of the owner.
/// </remarks>
internal static class TransactionSaga
{
    public const string Name = "transaction";

    /// <summary>Its two steps, as operators see them; it is moved by <see cref="AdvanceTransaction"/>.</summary>
    public static SagaDefinition Version1 { get; } = new(
        Name, 1,
        [
            new SagaStep("reserve", IsPivot: true, RetryPolicy.Default, TimeSpan.FromMinutes(5), null, null),
            new SagaStep("post", IsPivot: false, RetryPolicy.Default, TimeSpan.FromMinutes(5), null, null),
        ]);

    /// <summary>Begins it on the owner's shard. What is refused there has no saga: nothing changed.</summary>
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

    /// <summary>The shards that take part beside the owner.</summary>
    public static int[] Others(TransactionOrder order, ShardMap map, int owner) =>
        [.. order.ShardsOf(map).Where(shard => shard != owner)];

    /// <summary>Asks all shards that have not answered yet, sets the timer and keeps the saga.</summary>
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

    /// <summary>Keeps the saga as it is.</summary>
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

/// <summary>What a transaction's saga knows. The JSON is stored with each instance: append only.</summary>
internal sealed record TransactionData
{
    public required TransactionOrder Order { get; init; }

    /// <summary>The shards that have not answered what was asked of them last.</summary>
    public int[] Waiting { get; init; } = [];

    /// <summary>Why it is released; 0 while it is not.</summary>
    public RefusalReason RefusalReason { get; init; }

    public string? RefusalDetail { get; init; }

    /// <summary>The positions it wrote, one a shard.</summary>
    public Position[] Positions { get; init; } = [];

    /// <summary>What is asked of the other shards at a step.</summary>
    public TransactionAction ActionAt(int step) =>
        RefusalReason != 0 ? TransactionAction.Release : step == 0 ? TransactionAction.Reserve : TransactionAction.Post;

    public TransactionData At(Position position) => position.Seq == 0
        ? this
        : this with { Positions = [.. Positions.Where(known => known.Shard != position.Shard), position] };
}
