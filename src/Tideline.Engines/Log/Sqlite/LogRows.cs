using Tideline.Engines.Sqlite;
using Tideline.Log;

namespace Tideline.Engines.Log.Sqlite;

/// <summary>What is read from the log's file.</summary>
internal static class LogRows
{
    public static IReadOnlyList<LogRecord> Read(
        SqliteDatabase database, LogWriter names, string topic, int topicId, int partition, long afterOffset, int limit)
    {
        var statement = database.Prepare("SELECT position, source, seq, key, type, subject, version, time_us, data, "
            + "previous FROM records WHERE topic = ? AND partition = ? AND position > ? ORDER BY position LIMIT ?")
            .Bind(topicId).Bind(partition).Bind(afterOffset).Bind(limit);
        var records = new List<LogRecord>();
        while (statement.Step())
        {
            records.Add(new LogRecord(
                topic, partition, statement.Long(0), names.Sources.Name(statement.Int(1)),
                statement.Long(2), statement.Id(3), names.Types.Name(statement.Int(4)), statement.Id(5),
                statement.Long(6), statement.Long(7), statement.Bytes(8))
            {
                PreviousSeq = statement.LongOrNull(9),
            });
        }

        statement.Reset();
        return records;
    }

    public static IReadOnlyList<PartitionStatus> Describe(SqliteDatabase database)
    {
        var groups = new Dictionary<(int, int), Dictionary<string, long>>();
        var statement = database.Prepare("SELECT name, topic, partition, position FROM groups");
        while (statement.Step())
        {
            var key = (statement.Int(1), statement.Int(2));
            if (!groups.TryGetValue(key, out var found))
                groups[key] = found = new Dictionary<string, long>(StringComparer.Ordinal);
            found[statement.Text(0)] = statement.Long(3);
        }

        statement.Reset();
        var partitions = new List<PartitionStatus>();
        statement = database.Prepare(
            """
            SELECT t.name, p.topic, p.partition, p.head, (SELECT MIN(r.position) FROM records r WHERE r.topic = p.topic AND r.partition = p.partition)
            FROM partitions p JOIN topics t ON t.id = p.topic ORDER BY t.name, p.partition
            """);
        while (statement.Step())
        {
            partitions.Add(new PartitionStatus(
                statement.Text(0),
                statement.Int(2), statement.LongOrNull(4) ?? statement.Long(3) + 1, statement.Long(3),
                groups.GetValueOrDefault((statement.Int(1), statement.Int(2))) ?? []));
        }

        statement.Reset();
        return partitions;
    }
}
