using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Projections;

/// <summary>
/// A key whose events wait: how many, since when, and what was wrong with the first. Its document is knowingly behind.
/// </summary>
public sealed record BlockedKey(string Key, int Letters, long SinceUs, string Reason);

/// <summary>
/// An event on the dead letter topic. <paramref name="Event"/> is the event as it was published, under the key
/// <paramref name="Owner"/>; <paramref name="Key"/> is that of the document that it could not change.
/// <paramref name="Source"/>: the event's published source.
/// </summary>
public sealed record DeadLetter(
    string Key, long Offset, LedgerEvent Event, Guid Owner, string Reason, string Source);

/// <summary>
/// What a replay did, or in a dry run would do, for one key of a projection (null: for a message of a saga): the JSON
/// of the document before and after (null: none), and what stopped it.
/// </summary>
public sealed record ReplayResult(
    string? Projection, string Key, int Letters, int Applied, byte[]? Before, byte[]? After, Position? StoppedAt,
        string? Reason);

/// <summary>What a replay of many keys did. <paramref name="Next"/>: the key to go on after; null at the end.</summary>
public sealed record ReplayPage(IReadOnlyList<ReplayResult> Results, string? Next);

/// <summary>
/// The data of a dead letter of a projection and key; the event's own data in base64, because it may be anything.
/// <paramref name="Epoch"/>: the installation epoch in which it was written. <paramref name="Source"/>: the event's
/// published source, which with <paramref name="Seq"/> as its id names it on every topic.
/// </summary>
internal sealed record DeadLetterData(
    string Projection, string Key, long Seq, string Reason, byte[] Event, long Epoch = 1, string Source = "");

/// <summary>
/// What the topic does not say: per key and shard the offset up to which letters are done, what was given up, keys
/// that are held back without a letter and why, the source of each shard's letters, how many keys wait, how often
/// this changed, and per shard the offset up to which letters are of views that were lost or begun anew. It is
/// written before a watermark passes an event that is dead, so whoever reads a watermark and then this knows every
/// key whose document may be behind it.
/// </summary>
internal sealed record DeadLetterState(
    Dictionary<string, Dictionary<int, long>> Settled, List<DiscardedLetters> Discarded,
    Dictionary<string, HeldKey> Held, Dictionary<int, string> Sources, int Waiting, long Changes,
    Dictionary<int, long>? Begun = null)
{
    internal static DeadLetterState Empty => new([], [], [], [], 0, 0);

    /// <summary>The keys whose documents may lack what given-up letters said.</summary>
    internal HashSet<string> GivenUp() => new(
        Discarded.Where(given => given.HealedUs is null).Select(given => given.Key), StringComparer.Ordinal);

    /// <summary>
    /// The state where nothing is in the views yet: the ledger gives every event again, and what letters say of them
    /// counts no more.
    /// </summary>
    /// <param name="ends">Per shard the offset of the last record of the topic.</param>
    /// <param name="nowUs">The time, microseconds.</param>
    internal DeadLetterState BegunAnew(long[] ends, long nowUs) => (Heal(_ => true, nowUs) ?? this) with
    {
        Settled = [],
        Held = [],
        Begun = ends.Index().ToDictionary(end => end.Index, end => end.Item),
    };

    /// <summary>The state when those documents are whole again; null when that changes nothing.</summary>
    internal DeadLetterState? Heal(Func<string, bool> isWhole, long nowUs)
    {
        bool Heals(DiscardedLetters given) => given.HealedUs is null && isWhole(given.Key);
        return Discarded.Exists(Heals)
            ? this with
            {
                Discarded = [.. Discarded.Select(given => Heals(given) ? given with { HealedUs = nowUs } : given)]
            }
            : null;
    }

    /// <summary>The state with what the topic has now: the sources of letters, and how many keys wait.</summary>
    internal DeadLetterState With(CountedSource[] sources, int waiting)
    {
        var known = Sources.ToDictionary();
        foreach (var (shard, source) in sources.Index())
            if (source.IsUsed) known[shard] = source.Name;
        return this with { Sources = known, Waiting = waiting };
    }

    /// <summary>The state after the topic lost the letters of some shards: what it says of offsets is void.</summary>
    internal DeadLetterState Without(IReadOnlyCollection<int> lost) => lost.Count == 0 ? this : this with
    {
        Settled = Settled.Select(of => KeyValuePair.Create(
            of.Key, of.Value.Where(each => !lost.Contains(each.Key)).ToDictionary()))
            .Where(of => of.Value.Count > 0).ToDictionary(),
        Sources = Sources.Where(each => !lost.Contains(each.Key)).ToDictionary(),
        Begun = Begun?.Where(each => !lost.Contains(each.Key)).ToDictionary(),
    };

    /// <summary>The state after a restore: what it took back is not there to be built anew.</summary>
    internal async Task<DeadLetterState> WithoutTakenBackAsync(
        ProjectionDefinition definition, GeneralLedger ledger, CancellationToken cancel)
    {
        var held = new Dictionary<string, HeldKey>(StringComparer.Ordinal);
        foreach (var (key, why) in Held)
        {
            var isThere = why.Epoch == ledger.InstallationEpoch ? true
                : await IsThereAsync(definition, ledger, key, cancel);
            if (isThere is null) held[key] = why;
            else if (isThere.Value) held[key] = why with { Epoch = ledger.InstallationEpoch };
        }

        return this with { Held = held };
    }

    // Null: nobody can say so, or its shard cannot be asked now.
    private static async Task<bool?> IsThereAsync(
        ProjectionDefinition definition, GeneralLedger ledger, string key, CancellationToken cancel)
    {
        if (definition.Documents?.IsThere is not { } isThere) return null;
        try
        {
            return await isThere(ledger, key, cancel);
        }
        catch (TidelineException fault) when (fault.IsTransient)
        {
            return null;
        }
    }

    /// <exception cref="JsonException">Somebody broke it.</exception>
    internal static DeadLetterState Parse(byte[] json)
    {
        var state = JsonSerializer.Deserialize(json, ProjectionJson.Default.DeadLetterState)
            ?? throw new JsonException("There is nothing in it.");
        return state.Settled is null || state.Discarded is null || state.Settled.Values.Any(ofKey => ofKey is null)
            || state.Held is null || state.Sources is null || state.Held.Values.Any(held => held?.Reason is null)
            || state.Discarded.Exists(discarded => discarded?.Positions is null || discarded.Key is null)
            ? throw new JsonException("It is not whole.")
            : state;
    }
}

/// <summary>A key whose document lacks events that no letter holds: only building it anew helps.</summary>
internal sealed record HeldKey(long SinceUs, string Reason, long Epoch = 1);

/// <summary>
/// Letters that an operator gave up, with the reason that was given, and when the document was built anew with what
/// they said.
/// </summary>
internal sealed record DiscardedLetters(
    string Key, string[] Positions, string Reason, long AtUs, long Epoch = 1, long? HealedUs = null);
