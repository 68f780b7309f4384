using Tideline.Engines.Log.Sqlite;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

public sealed class SqliteLogTests : LogContract
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    protected override ValueTask<ILog> OpenAsync() => new(SqliteLog.Open(_folder, TimeProvider.System));

    protected override ValueTask DeleteAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
