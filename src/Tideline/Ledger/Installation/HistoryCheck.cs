using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>Why a shard cannot be the one that a witness saw.</summary>
/// <param name="Sentence">For people, with what to do.</param>
/// <param name="Seen">What the witness saw.</param>
public sealed record HistoryFault(string Sentence, ManifestHead Seen)
{
    /// <summary>As what closes the shard.</summary>
    public TidelineException ToException() => new(ErrorCode.Corrupt, Sentence);
}

/// <summary>Something outside the ledger that saw how far its shards were: the manifest, the log, the views.</summary>
/// <param name="Name">Its name in sentences, as in "the log".</param>
/// <param name="ReadAsync">What it saw of a shard; null when it saw nothing.</param>
public sealed record Witness(string Name, Func<int, CancellationToken, ValueTask<ManifestHead?>> ReadAsync);

/// <summary>
/// Holds a shard against what others saw of it, by content and not by numbers alone. A shard that lacks what was
/// acknowledged, or whose history is not the one that was seen, must not be built upon.
/// </summary>
public static class HistoryCheck
{
    /// <summary>Compares a shard with a witness.</summary>
    /// <returns>Why the shard cannot be the one that the witness saw; null when it can.</returns>
    public static async ValueTask<HistoryFault?> FindFaultAsync(
        IShardReader reader, int shard, Witness witness, CancellationToken cancel)
    {
        // What was seen is asked first: the ledger can only be ahead of it.
        if (await witness.ReadAsync(shard, cancel) is not { } seen) return null;
        return await CompareAsync(reader, shard, witness.Name, seen, cancel) is { } fault
            ? new HistoryFault(fault, seen)
            : null;
    }

    private static async ValueTask<string?> CompareAsync(
        IShardReader reader, int shard, string witness, ManifestHead seen, CancellationToken cancel)
    {
        var head = await reader.GetHeadAsync(cancel);
        if (seen.EventSeq > head.EventSeq)
        {
            return $"Shard {shard} of the ledger holds events to {head.EventSeq}, but {witness} saw events to "
                + $"{seen.EventSeq}: {seen.EventSeq - head.EventSeq} that may have been acknowledged are lost. "
                + $"{Remedy}";
        }

        if (seen.MessageSeq > head.MessageSeq)
        {
            return $"Shard {shard} of the ledger holds messages to {head.MessageSeq}, but {witness} saw messages to "
                + $"{seen.MessageSeq}: what was acknowledged with them is lost. {Remedy}";
        }

        if (seen.EventSeq == 0) return null;
        var same = await reader.GetEventsAsync(seen.EventSeq - 1, 1, cancel);
        if (same.Count == 1 && same[0].Position.Seq == seen.EventSeq && IsSame(seen, same[0])) return null;
        return $"Event {shard}:{seen.EventSeq} of the ledger is not the one that {witness} saw: the ledger has another "
            + $"history. {Remedy}";
    }

    private const string Remedy =
        "Put the lost files back, or restore the whole installation from a backup (docs/operating/backup.md).";

    /// <summary>The manifest of a data folder as a witness. One of an epoch that is over says nothing.</summary>
    /// <exception cref="TidelineException">Corrupt: the ledger is of an earlier epoch than the manifest, or of another
    /// installation.</exception>
    public static Witness Of(Manifest manifest, EpochRow now)
    {
        if (manifest.Installation != now.Installation)
        {
            throw new TidelineException(
                ErrorCode.Corrupt,
                $"The data folder's {Manifest.FileName} is of installation {manifest.Installation}, the ledger of "
                    + $"{now.Installation}. {Remedy}");
        }

        if (manifest.Epoch > now.Number)
        {
            throw new TidelineException(
                ErrorCode.Corrupt,
                $"The ledger is of installation epoch {now.Number}, the data folder's {Manifest.FileName} of epoch "
                    + $"{manifest.Epoch}: the ledger is older. {Remedy}");
        }

        return new Witness(
            $"the data folder's {Manifest.FileName}",
            (shard, _) => ValueTask.FromResult(
                manifest.Epoch < now.Number ? null : manifest.Heads.FirstOrDefault(each => each.Shard == shard)));
    }

    private static bool IsSame(ManifestHead seen, LedgerEvent happened) => seen.EventHash.Length > 0
        ? Convert.ToHexStringLower(EventHash.Of(happened)) == seen.EventHash
        : happened.TimeUs == seen.TimeUs;
}
