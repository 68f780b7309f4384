namespace Tideline.Gateway.Problems;

/// <summary>
/// A kind of problem: its stable name, HTTP status and title. All are listed in <see cref="ProblemTypes"/>.
/// </summary>
internal sealed record ProblemType(string Name, int Status, string Title)
{
    /// <summary>The <c>type</c> of the problem document.</summary>
    public string Uri { get; } = "https://tideline.dev/problems/" + Name;
}
