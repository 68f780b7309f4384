namespace Tideline.Tools.Opponent;

/// <summary>What broke a law in one run.</summary>
internal sealed class Violations
{
    private readonly List<Violation> _all = [];

    public IReadOnlyList<Violation> All => _all;

    /// <summary>Adds one.</summary>
    /// <param name="law">I1 to I16, or <c>model</c>.</param>
    /// <param name="sentence">What was seen.</param>
    /// <param name="operations">The operations that show it.</param>
    public void Add(string law, string sentence, params IEnumerable<Operation> operations) =>
        _all.Add(new Violation(law, sentence, [.. operations]));
}

/// <summary>A law that did not hold.</summary>
internal sealed record Violation(string Law, string Sentence, IReadOnlyList<Operation> Operations)
{
    public override string ToString() => $"{Law}: {Sentence}";
}
