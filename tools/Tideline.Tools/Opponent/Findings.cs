namespace Tideline.Tools.Opponent;

/// <summary>What the program itself found when it was asked to verify its laws.</summary>
internal static class Findings
{
    /// <summary>Each finding with the law that it breaks; none if all holds.</summary>
    public static IEnumerable<(string Law, string Finding)> Of(Operation verified) =>
        from check in verified.Answer.GetProperty("checks").EnumerateArray()
        where !check.GetProperty("ok").GetBoolean()
        from line in check.GetProperty("detail").GetString()!.Split('\n')
            // The last line says how to mend it.
        where !line.StartsWith("./tideline", StringComparison.Ordinal)
        select (check.GetProperty("name").GetString()!, line);
}
