using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>
/// A bug to plant in a copy of the core, to show that a simulation finds it: a text edit of one source file. The edit
/// keeps the original behind a guard, so that one build holds all bugs and the environment selects one of them.
/// </summary>
internal sealed record Mutant
{
    /// <summary>Its name in kebab-case, which selects it.</summary>
    public required string Name { get; init; }

    /// <summary>The source file, below src/Tideline.</summary>
    public required string File { get; init; }

    /// <summary>The text to replace. It occurs exactly once in the file.</summary>
    public required string Find { get; init; }

    /// <summary>The text with the fault behind its guard. Without the name it does what the original does.</summary>
    public required string Replace { get; init; }

    /// <summary>The bug, in a sentence.</summary>
    public required string What { get; init; }

    /// <summary>What must happen before it shows, in a sentence.</summary>
    public required string How { get; init; }

    /// <summary>The invariants that it breaks, and "model" where an answer is wrong.</summary>
    public required string Laws { get; init; }

    /// <summary>Whether a few runs find it: the project's tests hunt it.</summary>
    public bool IsFrequent { get; init; }

    /// <summary>
    /// What runs that find it do more of than others; they are hunted among those seeds alone. None: among all.
    /// </summary>
    public RunFocus Focus { get; init; }

    /// <summary>Why the simulation does not find it yet, in a sentence; null where it must find it.</summary>
    public string? NotFoundYet { get; init; }
}
