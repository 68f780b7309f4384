using Tideline.Kernel;

namespace Tideline.Projections;

/// <summary>
/// What operators do with dead letters: replay in order, with a dry run, or give up with a reason. Nothing is projected
/// meanwhile.
/// </summary>
public sealed class DeadLetterOperations(Projector projector, DeadLetterQueue letters)
{
    /// <summary>Every blocked key, longest blocked first.</summary>
    public IReadOnlyList<BlockedKey> List() => letters.List();

    /// <summary>The letters of a key that wait, in order.</summary>
    /// <exception cref="TidelineException">NotFound: nothing of this key waits.</exception>
    public Task<IReadOnlyList<DeadLetter>> ShowAsync(string key, CancellationToken cancel) =>
        letters.ShowAsync(key, cancel);

    /// <summary>
    /// Applies the letters of a key in order and unblocks it when all are applied; it stops at the first letter that
    /// still cannot be. A dry run changes nothing and reports the same.
    /// </summary>
    /// <exception cref="TidelineException">NotFound: nothing of this key waits.</exception>
    public async Task<ReplayResult> ReplayAsync(string key, bool dryRun, CancellationToken cancel)
    {
        projector.RequireBuilder();
        await projector.Gate.WaitAsync(cancel);
        try
        {
            return await ReplayKeyAsync(key, dryRun, cancel);
        }
        finally
        {
            projector.Gate.Release();
        }
    }

    /// <summary>
    /// Replays up to <paramref name="room"/> keys, in the order of their ids, from the one after
    /// <paramref name="after"/> (null: from the first). Others are projected between two keys; one that cannot be
    /// replayed keeps none of the others.
    /// </summary>
    public async Task<ReplayPage> ReplayAllAsync(
        bool dryRun, string? after, CancellationToken cancel, int room = ProjectionLimits.ReplayKeys)
    {
        string[] keys =
            [.. letters.KeysWithLetters().Where(key => after is null || string.CompareOrdinal(key, after) > 0)
            .Order(StringComparer.Ordinal).Take(room + 1)];
        var results = new List<ReplayResult>();
        foreach (var key in keys.Take(room))
        {
            try
            {
                results.Add(await ReplayAsync(key, dryRun, cancel));
            }
            catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
            {
                // Somebody settled it meanwhile.
                continue;
            }
            catch (TidelineException fault) when (!fault.IsTransient)
            {
                // Of this key alone: its document is damaged, or would be too large.
                results.Add(new ReplayResult(projector.Definition.Name, key, 0, 0, null, null, null, fault.Message));
            }
        }

        return new ReplayPage(results, keys.Length > room ? keys[^2] : null);
    }

    /// <summary>
    /// Gives up the letters of a key, or only the first one, for a reason that is kept. The document's clock moves past
    /// them, so later events can follow; what they said is missing from the document until the views are rebuilt.
    /// </summary>
    /// <returns>How many were given up.</returns>
    /// <exception cref="TidelineException">NotFound: nothing of this key waits. InvalidInput: no reason.</exception>
    public async Task<int> DiscardAsync(string key, bool firstOnly, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > Limits.ReferenceCharacters)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"The reason must have 1 to {Limits.ReferenceCharacters} characters.");
        projector.RequireBuilder();
        await projector.Gate.WaitAsync(cancel);
        try
        {
            var frozen = await letters.ShowAsync(key, cancel);
            DeadLetter[] gone = firstOnly ? [frozen[0]] : [.. frozen];
            var batch = await FoldAsync(key, [], cancel);
            var touched = batch.Documents.GetValueOrDefault(key);
            if (touched?.Damage is { } damage)
                throw new TidelineException(
                    ErrorCode.InvalidInput,
                    $"The document of {key} is damaged, so no event can follow: {damage}. " +
                    $"{ViewRepair.CommandFor(projector.Definition, key)} rebuilds it.");
            if (touched is not null)
            {
                foreach (var letter in gone)
                    touched.After = projector.Definition.Documents!.Skip(touched.After, key, letter.Event);
            }

            await WriteAsync(batch, cancel);
            await letters.SettleAsync(key, gone, reason, cancel);
            return gone.Length;
        }
        finally
        {
            projector.Gate.Release();
        }
    }

    private async Task<ReplayResult> ReplayKeyAsync(string key, bool dryRun, CancellationToken cancel)
    {
        var frozen = await letters.ShowAsync(key, cancel);
        var batch = await FoldAsync(key, frozen, cancel);
        var touched = batch.Documents.GetValueOrDefault(key);
        var stop = batch.Dead.Count == 0 ? null : batch.Dead[0];
        var applied = frozen.TakeWhile(letter => letter.Event.Position != stop?.Happened.Event.Position).Count();
        if (!dryRun && applied > 0)
        {
            // What stays dead is in the archive already; only what was folded is written.
            await WriteAsync(batch, cancel);
            await letters.SettleAsync(key, [.. frozen.Take(applied)], null, cancel);
        }

        return new ReplayResult(projector.Definition.Name, key,
            frozen.Count, applied, JsonOf(touched?.Before.Document), JsonOf(touched?.After),
                stop?.Happened.Event.Position, stop?.Reason);
    }

    private async Task<FoldedBatch> FoldAsync(string key, IReadOnlyList<DeadLetter> frozen, CancellationToken cancel)
    {
        projector.Applier.Forget(key);
        ProjectedEvent[] events =
            [.. frozen.Select(letter => new ProjectedEvent(letter.Event, letters.Sources, letter.Owner))];
        return await projector.Applier.FoldAsync(events, (_, _) => false, cancel, [key]);
    }

    private byte[]? JsonOf(object? document) =>
        document is null ? null : projector.Definition.Documents!.Write("", document, 0).Json!.Value.ToArray();

    private async Task WriteAsync(FoldedBatch batch, CancellationToken cancel)
    {
        var outcome = await projector.Applier.WriteAsync(batch, [], cancel);
        if (outcome.TooLarge.Count > 0)
            throw new TidelineException(
                ErrorCode.InvalidInput, projector.Applier.TooLarge);
        if (!outcome.IsDone)
            throw new TidelineException(
                ErrorCode.StorageUnavailable, "Another process wrote the document at the same moment. Try again.");
    }
}
