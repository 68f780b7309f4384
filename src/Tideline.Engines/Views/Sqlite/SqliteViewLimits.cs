namespace Tideline.Engines.Views.Sqlite;

/// <summary>Limits of the views in SQLite. A name ends with its unit.</summary>
internal static class SqliteViewLimits
{
    /// <summary>Changes kept in the change log of the view tier; a reader that is further behind must resync.</summary>
    internal const int ChangeLogEntries = 1_000_000;

    /// <summary>
    /// Read connections that the view store keeps open; beyond these, each read opens and closes its own.
    /// </summary>
    internal const int Readers = 16;
}
