using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>The tables beside the collections: catalogue, watermarks, states, change log.</summary>
internal static class StateTables
{
    private const int Format = 3;

    public static void Create(SqliteDatabase database)
    {
        database.ExecuteScript(
            $"""
            CREATE TABLE IF NOT EXISTS tl_format (version INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS tl_collections (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS tl_watermarks (
                projection TEXT NOT NULL, shard INTEGER NOT NULL, seq INTEGER NOT NULL, time_us INTEGER NOT NULL,
                    epoch INTEGER NOT NULL, PRIMARY KEY (projection, shard)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS tl_states (
                name TEXT PRIMARY KEY, json BLOB NOT NULL, epoch INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS tl_changes (
                token INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, operation INTEGER NOT NULL,
                revision INTEGER NOT NULL);
            INSERT INTO tl_format SELECT {Format} WHERE NOT EXISTS (SELECT 1 FROM tl_format);
            """);
        var statement = database.Prepare("SELECT version FROM tl_format");
        statement.Step();
        var version = statement.Long(0);
        statement.Reset();
        if (version != Format) throw new TidelineException(
            ErrorCode.IncompatibleData, $"views.db has format {version}; this version reads {Format}.");
    }

    public static Watermark GetWatermark(SqliteDatabase database, string projection, int shard)
    {
        var statement = database.Prepare("SELECT seq, time_us FROM tl_watermarks WHERE projection = ? AND shard = ?")
            .Bind(projection).Bind(shard);
        try
        {
            // An unreadable one is none: everything is folded again, and documents know what they hold.
            return statement.Step() && statement.IsInteger(0) && statement.IsInteger(1) && statement.Long(0) >= 0
                ? new Watermark(statement.Long(0), statement.Long(1))
                : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    public static void SetWatermark(SqliteDatabase database, WatermarkMove move)
    {
        var written = database.Prepare("SELECT epoch FROM tl_watermarks WHERE projection = ? AND shard = ?")
            .Bind(move.Projection).Bind(move.Shard);
        Fence(written, move.Epoch, $"the watermark of {move.Projection}:{move.Shard}");
        database.Prepare(
            "INSERT INTO tl_watermarks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, time_us " +
                "= excluded.time_us, epoch = excluded.epoch")
            .Bind(move.Projection).Bind(move.Shard).Bind(move.Watermark.Seq).Bind(move.Watermark.TimeUs)
                .Bind(Math.Max(0, move.Epoch)).Run();
    }

    /// <summary>As <see cref="SetWatermark"/>, but never back.</summary>
    public static void MoveWatermark(SqliteDatabase database, WatermarkMove move)
    {
        var stored = GetWatermark(database, move.Projection, move.Shard);
        move.RequireKept(stored.Seq);
        SetWatermark(database, stored.Seq < move.Watermark.Seq ? move : move with { Watermark = stored });
    }

    public static byte[]? GetState(SqliteDatabase database, string name)
    {
        var statement = database.Prepare("SELECT json FROM tl_states WHERE name = ?").Bind(name);
        try
        {
            return statement.Step() ? statement.Bytes(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public static void SetState(SqliteDatabase database, string name, byte[]? json, long epoch)
    {
        Fence(database.Prepare("SELECT epoch FROM tl_states WHERE name = ?").Bind(name), epoch, $"the state '{name}'");
        if (json is null) database.Prepare("DELETE FROM tl_states WHERE name = ?").Bind(name).Run();
        else
        {
            database.Prepare(
                "INSERT INTO tl_states VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json, epoch = " +
                "excluded.epoch")
                .Bind(name).Bind(json).Bind(Math.Max(0, epoch)).Run();
        }
    }

    private static void Fence(SqliteStatement written, long epoch, string what)
    {
        var known = written.Step() ? written.Long(0) : 0;
        written.Reset();
        if (epoch != ViewEpoch.Any && known > epoch)
            throw new TidelineException(
                ErrorCode.NotOwner, $"Epoch {known} of ownership wrote {what}; this process had epoch {epoch}.");
    }
}
