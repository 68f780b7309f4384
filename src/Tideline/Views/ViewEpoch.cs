namespace Tideline.Views;

/// <summary>Epochs of ownership, as states and watermarks of the view store are fenced by them.</summary>
public static class ViewEpoch
{
    /// <summary>
    /// Writes over whatever is there, and leaves it to any epoch: for what no other process can be writing, and for an
    /// epoch in the store that the ledger never gave.
    /// </summary>
    public const long Any = -1;
}
