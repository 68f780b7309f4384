using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Log.Sqlite;

/// <summary>
/// Small numbers for names that repeat in every record. A name that was given its number in a transaction that failed
/// is forgotten by
/// <see cref="Reload"/>.
/// </summary>
internal sealed class NameTable(SqliteDatabase writer, string table)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _names = [];

    public int? Find(string name)
    {
        lock (_gate) return _ids.TryGetValue(name, out var id) ? id : null;
    }

    public string Name(int id)
    {
        lock (_gate)
        {
            if (_names.TryGetValue(id, out var name)) return name;
        }

        throw new TidelineException(
            ErrorCode.Corrupt, $"The log's table {table} has no row {id}. Delete the folder log/; it is made again.");
    }

    public IReadOnlyList<(int Id, string Name)> All
    {
        get
        {
            lock (_gate) return [.. _names.Select(pair => (pair.Key, pair.Value))];
        }
    }

    /// <summary>The number of a name, given now if it has none. Only inside the writer's transaction.</summary>
    public int Ensure(string name)
    {
        if (Find(name) is { } known) return known;
        lock (_gate)
        {
            var id = _ids.Count + 1;
            writer.Prepare($"INSERT INTO {table}(id, name) VALUES(?, ?)").Bind(id).Bind(name).Run();
            _ids.Add(name, id);
            _names.Add(id, name);
            return id;
        }
    }

    public void Reload()
    {
        // Read before anything is forgotten: readers go on with what is known when this fails.
        var rows = new List<(int Id, string Name)>();
        var statement = writer.Prepare($"SELECT id, name FROM {table}");
        while (statement.Step()) rows.Add((statement.Int(0), statement.Text(1)));
        statement.Reset();
        lock (_gate)
        {
            _ids.Clear();
            _names.Clear();
            foreach (var (id, name) in rows)
            {
                _ids.Add(name, id);
                _names.Add(id, name);
            }
        }
    }
}
