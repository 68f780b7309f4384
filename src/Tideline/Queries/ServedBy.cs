namespace Tideline.Queries;

/// <summary>Where an answer came from.</summary>
public enum ServedBy
{
    /// <summary>The view tier.</summary>
    View,

    /// <summary>The strong tier.</summary>
    Ledger,

    /// <summary>The cache, with what it had from the view tier.</summary>
    Cache,
}
