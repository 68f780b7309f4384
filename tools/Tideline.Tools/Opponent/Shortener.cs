using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Shortens a history that breaks a law: it leaves out faults, disturbances and operations as long as the same law is
/// still broken.
/// </summary>
internal sealed class Shortener(Func<RunPlan, Task<RunResult>> run)
{
    // Another order of the steps often shows what the first one hides once something is left out.
    private const int Variants = 3;
    private int _runs;

    /// <summary>The shortest run that was found; the given one if none is shorter.</summary>
    public async Task<RunResult> ShortenAsync(RunResult broken)
    {
        var law = broken.Violations.All[0].Law;
        var best = broken;
        for (var kind = 1; kind < (int)FaultKinds.All; kind <<= 1)
        {
            if (!best.Plan.Faults.HasFlag((FaultKinds)kind)) continue;
            best = await TryAsync(best, best.Plan with { Faults = best.Plan.Faults & ~(FaultKinds)kind }, law);
        }

        best = await DropAsync(best, law, Enumerable.Range(0, OpponentLimits.Disturbances),
            (plan, left) => plan with { Calm = left }, plan => plan.Calm);
        var last = best.Violations.All[0].Operations.Select(operation => operation.Number)
            .Append(-1).Max() is var number and >= 0 ? number : best.Plan.Operations;
        best = await TryAsync(best, best.Plan with { Operations = Math.Min(best.Plan.Operations, last + 1) }, law);
        return await DropAsync(best, law, Enumerable.Range(0, best.Plan.Operations),
            (plan, left) => plan with { Without = left }, plan => plan.Without);
    }

    // Leaves out ever smaller parts: half of them, a quarter, …
    private async Task<RunResult> DropAsync(
        RunResult best, string law, IEnumerable<int> all, Func<RunPlan, IReadOnlySet<int>, RunPlan> leaveOut,
        Func<RunPlan, IReadOnlySet<int>> leftOut)
    {
        var numbers = all.ToArray();
        for (var size = numbers.Length; size >= 1; size = size == 1 ? 0 : (size + 1) / 2)
        {
            for (var from = 0; from < numbers.Length && _runs < OpponentLimits.ShorteningRuns; from += size)
            {
                var part = numbers.Skip(from).Take(size).Except(leftOut(best.Plan)).ToList();
                if (part.Count == 0) continue;
                best = await TryAsync(best, leaveOut(best.Plan, leftOut(best.Plan).Concat(part).ToHashSet()), law);
            }
        }

        return best;
    }

    private async Task<RunResult> TryAsync(RunResult best, RunPlan shorter, string law)
    {
        for (var variant = 0; variant < Variants && _runs < OpponentLimits.ShorteningRuns; variant++)
        {
            _runs++;
            var result = await run(shorter with { Variant = best.Plan.Variant + (ulong)variant });
            if (!result.Ok && result.Violations.All[0].Law == law) return result;
        }

        return best;
    }
}
