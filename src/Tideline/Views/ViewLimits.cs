namespace Tideline.Views;

/// <summary>Limits of the view tier. A name ends with its unit.</summary>
internal static class ViewLimits
{
    /// <summary>Documents in one page that the program requests from the view store.</summary>
    internal const int QueryDocuments = 10_000;

    /// <summary>How often an idle follower of changes receives a newer token to store, milliseconds.</summary>
    internal const int ChangeTokenRefreshMs = 60_000;

    /// <summary>How long the projector waits for a signal before it polls, milliseconds.</summary>
    internal const int ProjectionPollMs = 50;

    /// <summary>How often a projection batch is folded again because another writer changed its documents.</summary>
    internal const int ProjectionGuardRetries = 8;

    /// <summary>
    /// Documents that a deep verification folds together, with one walk over the events of each shard.
    /// </summary>
    internal const int VerifyGroupDocuments = 10_000;
}
