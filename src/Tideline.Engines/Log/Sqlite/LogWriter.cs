using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Sqlite;

/// <summary>What the log writes inside one transaction. Not for two threads at once.</summary>
internal sealed class LogWriter
{
    /// <summary>Records that one retention transaction deletes.</summary>
    internal const int TrimRows = 5_000;

    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _insert;
    private readonly Dictionary<(int Topic, int Partition), long> _heads = [];
    private readonly Dictionary<(int Topic, int Source), long> _sources = [];

    public LogWriter(SqliteDatabase database)
    {
        _database = database;
        _database.ExecuteScript(LogSchema.Sql);
        Topics = new NameTable(database, "topics");
        Sources = new NameTable(database, "source_names");
        Types = new NameTable(database, "types");
        _insert = database.Prepare("INSERT INTO records(topic, partition, position, source, seq, key, type, subject, "
            + "version, time_us, data, previous) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        Reload();
    }

    public NameTable Topics { get; }

    public NameTable Sources { get; }

    public NameTable Types { get; }

    /// <summary>Heads that moved in this transaction.</summary>
    public HashSet<(int Topic, int Partition)> Moved { get; } = [];

    public long Head(int topic, int partition) => _heads.GetValueOrDefault((topic, partition));

    /// <summary>The sources of a topic whose names begin so.</summary>
    public IReadOnlyList<string> SourcesOf(string topic, string prefix) =>
        Topics.Find(topic) is not { } id
            ? []
            : [
                .. Sources.All.Where(source => source.Name.StartsWith(prefix, StringComparison.Ordinal)
                    && SourceHead(id, source.Id) > 0).Select(source => source.Name),
            ];

    public long SourceHead(int topic, int source) => _sources.GetValueOrDefault((topic, source));

    public void Append(IReadOnlyList<LogRecord> records)
    {
        var touchedSources = new HashSet<(int, int)>();
        var touched = new HashSet<(int, int)>();
        foreach (var record in records)
        {
            var topic = Topics.Ensure(record.Topic);
            var source = Sources.Ensure(record.Source);
            var last = _sources.TryGetValue((topic, source), out var known) ? known : SourceName.AfterOf(record.Source);
            if (record.SourceSeq <= last) continue;
            if (record.FollowsSeq > last)
                throw new TidelineException(ErrorCode.Corrupt, $"{record.Source} appended {record.SourceSeq} to "
                    + $"{record.Topic} after {record.FollowsSeq}, but {last} is the last there: something between was "
                    + "lost.");
            var offset = _heads.GetValueOrDefault((topic, record.Partition)) + 1;
            _insert.Bind(topic).Bind(record.Partition)
                .Bind(offset).Bind(source).Bind(record.SourceSeq).Bind(record.Key).Bind(Types.Ensure(record.Type))
                .Bind(record.Subject).Bind(record.Version).Bind(record.TimeUs).Bind(record.Data.Span)
                .Bind(record.PreviousSeq).Run();
            _heads[(topic, record.Partition)] = offset;
            _sources[(topic, source)] = record.SourceSeq;
            touchedSources.Add((topic, source));
            touched.Add((topic, record.Partition));
        }

        foreach (var (topic, partition) in touched)
            _database.Prepare("INSERT INTO partitions(topic, partition, head) VALUES(?, ?, ?) ON CONFLICT DO UPDATE "
                + "SET head = excluded.head").Bind(topic).Bind(partition).Bind(_heads[(topic, partition)]).Run();
        foreach (var (topic, source) in touchedSources)
            _database.Prepare("INSERT INTO source_heads(topic, source, seq) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET "
                + "seq = excluded.seq").Bind(topic).Bind(source).Bind(_sources[(topic, source)]).Run();
        Moved.UnionWith(touched);
    }

    public void CommitGroup(string group, string topic, int partition, long offset)
    {
        var id = Topics.Ensure(topic);
        if (offset < 0 || offset > Head(id, partition))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"Group {group} cannot be at offset {offset} of {topic}/{partition}, whose head is "
                    + $"{Head(id, partition)}.");
        _database.Prepare("INSERT INTO groups(name, topic, partition, position) VALUES(?, ?, ?, ?) ON CONFLICT DO "
            + "UPDATE SET position = excluded.position")
            .Bind(group).Bind(id).Bind(partition).Bind(offset).Run();
    }

    /// <summary>The position of a group, which is registered by being asked for.</summary>
    public long GetOrAddGroup(string group, string topic, int partition)
    {
        var id = Topics.Ensure(topic);
        _database.Prepare("INSERT INTO groups(name, topic, partition, position) VALUES(?, ?, ?, 0) ON CONFLICT DO "
            + "NOTHING").Bind(group).Bind(id).Bind(partition).Run();
        var statement = _database.Prepare("SELECT position FROM groups WHERE name = ? AND topic = ? AND partition = ?")
            .Bind(group).Bind(id).Bind(partition);
        statement.Step();
        var position = statement.Long(0);
        statement.Reset();
        return position;
    }

    /// <summary>
    /// Drops up to <see cref="TrimRows"/> old records that every group of their partition has read.
    /// </summary>
    public long Trim(long beforeUs)
    {
        // A partition that nobody reads keeps everything: there is no telling who may come. Dead letters stay until
        // they are dealt with.
        _database.Prepare(
            """
            DELETE FROM records WHERE (topic, partition, position) IN (
                SELECT r.topic, r.partition, r.position FROM records r
                JOIN (SELECT topic, partition, MIN(position) AS done FROM groups GROUP BY topic, partition) g ON g.topic = r.topic AND g.partition = r.partition
                JOIN topics t ON t.id = r.topic AND t.name NOT LIKE '%.dlq'
                WHERE r.position <= g.done AND r.time_us < ? LIMIT ?)
            """).Bind(beforeUs).Bind(TrimRows).Run();
        return _database.Changes;
    }

    /// <summary>Forgets what was decided in a transaction that did not commit.</summary>
    public void Reload()
    {
        Topics.Reload();
        Sources.Reload();
        Types.Reload();
        _heads.Clear();
        _sources.Clear();
        Moved.Clear();
        Load("SELECT topic, partition, head FROM partitions", _heads);
        Load("SELECT topic, source, seq FROM source_heads", _sources);
    }

    private void Load(string sql, Dictionary<(int, int), long> into)
    {
        var statement = _database.Prepare(sql);
        while (statement.Step()) into[(statement.Int(0), statement.Int(1))] = statement.Long(2);
        statement.Reset();
    }
}
