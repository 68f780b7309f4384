using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>Why a shard cannot be the one that a witness observed.</summary>
/// <param name="Sentence">What is wrong, and what an operator can do.</param>
/// <param name="Seen">What the witness observed.</param>
public sealed record HistoryFault(string Sentence, ManifestHead Seen)
{
    /// <summary>The exception that closes the shard.</summary>
    public TidelineException ToException() => new(ErrorCode.Corrupt, Sentence);

    /// <summary>
    /// This fault with the most that was seen in either: a shard that lacks any of it lost something. The answer is
    /// another object than both.
    /// </summary>
    internal HistoryFault With(HistoryFault other)
    {
        var furthest = other.Seen.EventSeq > Seen.EventSeq ? other : this;
        var messageSeq = Math.Max(Seen.MessageSeq, other.Seen.MessageSeq);
        return furthest with { Seen = furthest.Seen with { MessageSeq = messageSeq } };
    }
}

/// <summary>A record outside the ledger of how far its shards had come: the manifest, the log, the views.</summary>
/// <param name="Name">Its name in sentences, as in "the log".</param>
/// <param name="ReadAsync">Reads the last observed head of a shard; null if there is none.</param>
public sealed record Witness(string Name, Func<int, CancellationToken, ValueTask<ManifestHead?>> ReadAsync);

/// <summary>
/// Compares a shard with what witnesses observed of it, by content and not by numbers alone. A shard that lacks
/// acknowledged commands, or whose history differs from the observed one, must not be used.
/// </summary>
public static class HistoryCheck
{
    /// <summary>Compares a shard with a witness.</summary>
    /// <returns>Why the shard cannot be the one that the witness observed; null if it can.</returns>
    public static async ValueTask<HistoryFault?> FindFaultAsync(
        IShardReader reader, int shard, Witness witness, CancellationToken cancel)
    {
        // Read the witness first: the ledger can only be ahead of it.
        if (await witness.ReadAsync(shard, cancel) is not { } seen) return null;
        return await CompareAsync(reader, shard, witness.Name, seen, cancel) is { } fault
            ? new HistoryFault(fault, seen)
            : null;
    }

    /// <summary>Compares a shard with what a witness saw of it before.</summary>
    /// <returns>Why the shard cannot be the one that was seen; null if it can.</returns>
    internal static async ValueTask<string?> CompareAsync(
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

    /// <summary>The manifest of a data folder as a witness. A manifest of an earlier epoch is no witness.</summary>
    /// <exception cref="TidelineException">Corrupt: the ledger belongs to an earlier epoch than the manifest, or to
    /// another installation.</exception>
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
