namespace Tideline.Tests.Tidy;

/// <summary>
/// A page in docs/reference whose end is made from the program. With <c>TIDELINE_WRITE_PAGES</c> in the environment it
/// is written, else compared.
/// </summary>
internal static class GeneratedPage
{
    /// <summary>The variable of the environment that has pages written.</summary>
    public const string Variable = "TIDELINE_WRITE_PAGES";

    /// <summary>What stands before the generated part.</summary>
    /// <param name="name">The file in docs/reference.</param>
    /// <param name="begin">What the generated part begins with.</param>
    /// <param name="text">The generated part.</param>
    public static async Task<string> ShouldHoldAsync(string name, string begin, string text)
    {
        var path = Path.Combine(SourceTree.Root, "docs", "reference", name);
        var page = await File.ReadAllTextAsync(path);
        var at = page.IndexOf(begin, StringComparison.Ordinal);
        at.ShouldBeGreaterThan(0);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
            await File.WriteAllTextAsync(path, page[..at] + text);
        else FirstDifference(name, page[at..], text).ShouldBeNull();
        return page[..at];
    }

    private static string? FirstDifference(string name, string found, string made)
    {
        if (found == made) return null;
        var (left, right) = (found.Split('\n'), made.Split('\n'));
        var line = 0;
        while (line < left.Length && line < right.Length && left[line] == right[line]) line++;
        return $"docs/reference/{name} says: {left.ElementAtOrDefault(line)}\n"
            + $"the program says: {right.ElementAtOrDefault(line)}\n"
            + $"{Variable}=1 with this test writes the page.";
    }
}
