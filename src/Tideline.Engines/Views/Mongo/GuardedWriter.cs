using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Guarded writes, in runs that MongoDB may carry out in any order.</summary>
internal sealed class GuardedWriter(MongoServer server, IdGenerator ids)
{
    /// <summary>Carries out guarded writes in order; answers which were applied, once a majority has them.</summary>
    /// <exception cref="TidelineException">InvalidInput: nothing was written. StorageUnavailable: a part may have
    /// been.</exception>
    public async Task<bool[]> WriteAsync(
        TypedCollection to, IReadOnlyList<DocumentWrite> writes, CancellationToken cancel)
    {
        foreach (var write in writes) CollectionRules.Check(write);
        var runs = Runs(writes)
            .Select(run => new GuardedRun(
                server.Collection(to.Name), run, ids.Next(), to.Definition.LogChanges, to.Types)).ToArray();
        var applied = new List<bool>(writes.Count);
        foreach (var run in runs) applied.AddRange(
            await server.WriteAsync((session, isRepeat) => run.TryAsync(session, isRepeat, cancel), cancel));
        return [.. applied];
    }

    // A run names no document twice.
    private static IEnumerable<DocumentWrite[]> Runs(IReadOnlyList<DocumentWrite> writes)
    {
        var (run, named) = (new List<DocumentWrite>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var write in writes)
        {
            if (run.Count == MongoLimits.BulkWrites || named.Contains(write.Id))
            {
                yield return [.. run];
                run.Clear();
                named.Clear();
            }

            run.Add(write);
            named.Add(write.Id);
        }

        if (run.Count > 0) yield return [.. run];
    }
}
