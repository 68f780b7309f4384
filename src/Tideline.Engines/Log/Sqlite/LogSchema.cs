namespace Tideline.Engines.Log.Sqlite;

/// <summary>The tables of the embedded log.</summary>
internal static class LogSchema
{
    public const string Sql =
        """
        CREATE TABLE IF NOT EXISTS topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS source_names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS types(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE IF NOT EXISTS partitions(topic INTEGER NOT NULL, partition INTEGER NOT NULL, head INTEGER NOT NULL, PRIMARY KEY(topic, partition)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS source_heads(topic INTEGER NOT NULL, source INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(topic, source)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS groups(name TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(name, topic, partition)) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS records(
            topic INTEGER NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, source INTEGER NOT NULL, seq INTEGER NOT NULL, key BLOB NOT NULL, type INTEGER NOT NULL,
            subject BLOB NOT NULL, version INTEGER NOT NULL, time_us INTEGER NOT NULL, data BLOB NOT NULL,
            previous INTEGER, PRIMARY KEY(topic, partition, position)) STRICT, WITHOUT ROWID;
        """;
}
