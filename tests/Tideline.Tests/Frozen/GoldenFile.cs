namespace Tideline.Tests.Frozen;

/// <summary>
/// A golden file beside the tests: one line for each thing that was promised. Lines may be added; none may change or
/// go.
/// </summary>
internal static class GoldenFile
{
    /// <summary>Holds what the program says now against the file.</summary>
    public static void ShouldHold(string file, IEnumerable<string> now)
    {
        var frozen = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Frozen", file));
        Faults(frozen, [.. now]).ShouldBeEmpty($"Frozen/{file}");
    }

    /// <summary>What is wrong, in words: a promise that is broken, or a line that is not promised yet.</summary>
    internal static string Faults(string[] frozen, string[] now) =>
        string.Join('\n', frozen.Except(now).Select(line => $"broken, data on disk needs it: {line}")
        .Concat(now.Except(frozen).Select(line => $"new, add it to the file: {line}"))
        .Concat(frozen.GroupBy(line => line)
            .Where(line => line.Count() > 1).Select(line => $"twice in the file: {line.Key}")));
}
