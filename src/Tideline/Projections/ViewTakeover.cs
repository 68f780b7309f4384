using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// How a process begins to build the views: it finds where they stand, believes nothing that cannot be, heals what
/// somebody broke, and writes its epoch into every state, so that what its predecessor still writes is refused.
/// </summary>
internal sealed partial class ViewTakeover(
    ProjectionDefinition definition, GeneralLedger ledger, IViewStore views, ViewProgressPublisher? publisher,
    ShardProgress[] shards, ILogger logger)
{
    private int _looks;

    /// <summary>The epoch of ownership in which this process builds the views; 0 while it does not.</summary>
    public long Epoch { get; set; }

    /// <summary>The version that answers, claimed, and what was wrong with the state that says so.</summary>
    /// <param name="latest">The highest number that this process knows of.</param>
    /// <param name="hasLostLetters">Whether documents lack events of dead letters that nobody has any more.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<(ActiveViews Active, string? Fault)> ClaimActiveAsync(
        int latest, bool hasLostLetters, CancellationToken cancel)
    {
        var found = await ActiveViews.LoadAsync(views, definition, cancel);
        if (found is { Installation: null }) found = await BeginAsync(found, latest, cancel);
        // Documents of another fold are neither read nor folded on: they may not even have the same fields.
        var isOfThisFold = found is not null && found.Schema == definition.SchemaVersion && !hasLostLetters;
        var active = await EpochSwitch.RunAsync(
            ledger, views, definition, isOfThisFold ? found! : await RenewAsync(found, cancel), cancel);
        return (await ClaimAsync(active, cancel), found is not null ? null
            : $"The stored state did not name the active version of {definition.Name}, so version {active.Version} " +
                "is being built from nothing. No action is needed.");
    }

    /// <summary>
    /// Makes the collections of the version that answers. Where somebody took away one that held documents, another
    /// version takes its place: a document that is still there says that its events are in the others, too, and nothing
    /// would put them back.
    /// </summary>
    /// <remarks>
    /// Nothing is dropped here, and a number is claimed before its collections are made: a process that stood still in
    /// the middle, and has been replaced, can then do no harm to what its successor builds.
    /// </remarks>
    /// <returns>The version that answers.</returns>
    public async Task<ActiveViews> EnsureAsync(ActiveViews active, CancellationToken cancel)
    {
        var names = new ViewNames(definition, active.Version);
        if (!await MakeAsync(names, cancel)) return active;
        var held = 0L;
        foreach (var shard in shards)
            held = Math.Max(held, (await views.GetWatermarkAsync(names.Projection, shard.Shard, cancel)).Seq);
        if (held == 0) return active;
        CollectionIsLost(logger, names.Version, definition.Name);
        var next = active with { Version = active.Latest + 1, Latest = active.Latest + 1 };
        return await EnsureAsync(await ClaimAsync(next, cancel), cancel);
    }

    /// <summary>
    /// Whether the store has lost a collection, or where a shard stands: who loses one loses all, so that each look
    /// asks after the next.
    /// </summary>
    public async Task<bool> IsLostAsync(ViewNames names, CancellationToken cancel)
    {
        var there = await views.ListCollectionsAsync(cancel);
        if (names.Definitions.Any(each => !there.Contains(each.Name))) return true;
        var shard = shards[_looks++ % shards.Length];
        return shard.IsLoaded && shard.Watermark.Seq is > 0 and var known
            && (await views.GetWatermarkAsync(names.Projection, shard.Shard, cancel)).Seq < known;
    }

    /// <summary>Whether a version holds nothing yet.</summary>
    public async Task<bool> IsAnewAsync(ViewNames names, CancellationToken cancel)
    {
        foreach (var shard in shards)
            if ((await views.GetWatermarkAsync(names.Projection, shard.Shard, cancel)).Seq > 0) return false;
        return true;
    }

    /// <summary>
    /// Another version in place of one whose watermark the store has lost while this process built on it: a document
    /// that was written since says that it holds events before its own, and they are not in it.
    /// </summary>
    /// <returns>The version that answers.</returns>
    public async Task<ActiveViews> ReplaceLostAsync(ActiveViews active, CancellationToken cancel)
    {
        var projection = new ViewNames(definition, active.Version).Projection;
        foreach (var shard in shards.Where(each => each.IsLoaded && each.Watermark.Seq > 0))
        {
            if ((await views.GetWatermarkAsync(projection, shard.Shard, cancel)).Seq > 0) continue;
            StoreIsLost(logger, definition.Name, shard.Watermark.Seq, shard.Shard);
            return await ClaimAsync(
                active with { Version = active.Latest + 1, Latest = active.Latest + 1 }, cancel);
        }

        return active;
    }

    /// <summary>
    /// Stores which version answers. If the store does not say whether it did, this process must not go on with what it
    /// knows, because others, and the next start, may go on with the new state: it takes the views over again.
    /// </summary>
    /// <exception cref="TidelineException">NotOwner: another process builds the views.</exception>
    public async Task StoreAsync(ActiveViews active, long epoch, CancellationToken cancel)
    {
        try
        {
            await active.SaveAsync(views, definition, epoch, cancel);
        }
        catch
        {
            Epoch = 0;
            throw;
        }
    }

    private async Task<ActiveViews> ClaimAsync(ActiveViews found, CancellationToken cancel)
    {
        var active = found with { Installation = ledger.Installation };
        await ClaimAsync(epoch => active.SaveAsync(views, definition, epoch, cancel), cancel);
        return active;
    }

    private async Task<bool> MakeAsync(ViewNames names, CancellationToken cancel)
    {
        try
        {
            return await names.EnsureAsync(views, cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.IncompatibleData)
        {
            throw new TidelineException(
                fault.Code, $"{fault.Message} A projection whose indexes or fields change has a new SchemaVersion.",
                fault);
        }
    }

    /// <summary>
    /// Finds where every shard stands; one that cannot be told is asked after again by the next pass, and keeps no
    /// other waiting.
    /// </summary>
    public async Task PositionAllAsync(ViewNames names, CancellationToken cancel)
    {
        foreach (var shard in shards) shard.IsLoaded = false;
        foreach (var shard in shards)
        {
            try
            {
                await PositionAsync(shard, names, cancel);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
            {
                PlaceIsUnknown(logger, definition.Name, shard.Shard, fault);
                shard.Fault = fault.Message;
            }
        }
    }

    /// <summary>Finds where a shard stands.</summary>
    public async Task PositionAsync(ShardProgress shard, ViewNames names, CancellationToken cancel)
    {
        // The views are a witness of what the shard lost: they stay as they are.
        if (ledger.WhyClosed(shard.Shard) is not null)
            throw new TidelineException(
                ErrorCode.Corrupt, $"The views of shard {shard.Shard} wait while its ledger is refused.");
        var (number, watermark) = (shard.Shard, await views.GetWatermarkAsync(names.Projection, shard.Shard, cancel));
        // What cannot be is not believed: everything is folded again, and documents know what they hold.
        if (watermark.Seq > 0 && await ledger.RawReader(number).GetHeadAsync(cancel) is var head
            && watermark.Seq > head.EventSeq)
        {
            WatermarkIsWrong(logger, definition.Name, number, watermark.Seq, head.EventSeq);
            watermark = default;
        }

        await ClaimAsync(epoch => views.SetWatermarkAsync(names.Projection, number, watermark, epoch, cancel), cancel);
        await shard.LoadAsync(watermark, cancel);
        if (publisher is not null) shard.Announced =
            await publisher.LastAsync(number, shard.Announced.Source, cancel);
        shard.IsAnnouncementFirst = true;
        (shard.IsLedgerRead, shard.IsLoaded, shard.Fault) = (false, true, null);
    }

    /// <summary>
    /// Makes sure that nobody else builds the views and that this process knows how far they are, so that what it folds
    /// up to its watermarks may take the place of a document. The store refuses it if another process has taken over;
    /// one that takes over later finds the document at these watermarks.
    /// </summary>
    /// <param name="names">The version that answers.</param>
    /// <param name="of">The shards that the document has events of.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="TidelineException">NotOwner: another process builds the views. StorageUnavailable: this one has
    /// only just begun to.</exception>
    public async Task FenceAsync(ViewNames names, IReadOnlyList<int> of, CancellationToken cancel)
    {
        if (Epoch == 0 || Epoch != ledger.OwnedEpoch(0) || of.Any(shard => !shards[shard].IsLoaded))
            throw new TidelineException(
                ErrorCode.StorageUnavailable,
                $"This process does not know yet how far the views of {definition.Name} are. Try again.");
        foreach (var shard in of)
            await views.SetWatermarkAsync(names.Projection, shard, shards[shard].Watermark, Epoch, cancel);
    }

    /// <summary>
    /// Writes in this owner's epoch. An epoch that the ledger never gave is nobody's: a hand, or a ledger that was
    /// restored.
    /// </summary>
    public async Task ClaimAsync(Func<long, ValueTask> write, CancellationToken cancel)
    {
        try
        {
            await write(Epoch);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotOwner)
        {
            if ((await ledger.RawReader(0).GetHeadAsync(cancel)).Epoch != Epoch) throw;
            EpochIsUnknown(logger, fault);
            await write(ViewEpoch.Any);
            await write(Epoch);
        }
    }

    // Of views that were lost whole nothing tells the number, and other processes may still read by it: each epoch
    // begins with another one.
    private async Task<ActiveViews> BeginAsync(ActiveViews first, int latest, CancellationToken cancel)
    {
        var highest = (await ViewNames.VersionsAsync(views, definition, cancel)).Append(latest).Max();
        var version = (int)Math.Max(highest + 1, Epoch);
        return first with { Version = version, Latest = version };
    }

    // A version that starts empty is filled from the ledger: slow for a while, and never wrong.
    private async Task<ActiveViews> RenewAsync(ActiveViews? old, CancellationToken cancel)
    {
        var highest = (await ViewNames.VersionsAsync(views, definition, cancel)).DefaultIfEmpty().Max();
        var version = Math.Max(highest, old?.Latest ?? 0) + 1;
        if (old is null) ActiveIsBroken(logger, definition.Name, version);
        else if (old.Schema == definition.SchemaVersion) LettersAreLost(logger, definition.Name, version);
        else FoldChanged(logger, definition.Name, old.Schema, definition.SchemaVersion, version);
        return new ActiveViews(version, old?.Version, definition.SchemaVersion, version, ledger.InstallationEpoch)
        {
            SwitchedUs = old is null ? null : ledger.NowUs(0),
        };
    }

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message =
        "The view store lost {Projection}, which held event {Watermark} of shard {Shard}. Another version is built "
        + "from the ledger.")]
    private static partial void StoreIsLost(ILogger logger, string projection, long watermark, int shard);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message =
        "The log lost dead letters of {Projection}, so its version {Version} is built from the ledger.")]
    private static partial void LettersAreLost(ILogger logger, string projection, long version);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message =
        "The position of {Projection} on shard {Shard} cannot be read; the other shards continue, and it is retried.")]
    private static partial void PlaceIsUnknown(ILogger logger, string projection, int shard, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message =
            "{Projection} claims to hold event {Watermark} of shard {Shard}, but the ledger ends at {Head}; " +
            "everything is folded again.")]
    private static partial void WatermarkIsWrong(ILogger logger, string projection, int shard, long watermark,
        long head);

    [LoggerMessage(
        Level = LogLevel.Critical,
            Message =
            "The state that names the active version of {Projection} cannot be read. Version {Version} is built " +
            "from nothing.")]
    private static partial void ActiveIsBroken(ILogger logger, string projection, int version);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Projection} was built by schema version {Old}; this program has {New}. Version {Version} is " +
            "built from the ledger.")]
    private static partial void FoldChanged(ILogger logger, string projection, int old, int @new, int version);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "A collection of version {Version} of {Projection} was dropped; another version is built from the "
            + "ledger.")]
    private static partial void CollectionIsLost(ILogger logger, int version, string projection);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "The views bear an epoch of ownership that the ledger never gave; it is written over.")]
    private static partial void EpochIsUnknown(ILogger logger, Exception fault);
}
