namespace Tideline.Queries;

/// <summary>The source of an answer.</summary>
public enum ServedBy
{
    /// <summary>The view tier.</summary>
    View,

    /// <summary>The strong tier.</summary>
    Ledger,

    /// <summary>The cache, with a document from the view tier.</summary>
    Cache,
}
