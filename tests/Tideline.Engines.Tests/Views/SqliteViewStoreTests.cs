using Tideline.Engines.Tests.Ledger;
using Tideline.Engines.Views.Sqlite;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

public sealed class SqliteViewStoreTests : ViewStoreContract<SqliteViews>;

public sealed class SqliteViewQueryTests : ViewQueryContract<SqliteViews>;

public sealed class SqliteViewChangesTests : ViewChangesContract<SqliteViews>;

/// <summary>View stores in a folder of the test.</summary>
public sealed class SqliteViews : IViewStoreSource
{
    private readonly TemporaryFolder _folder = new();

    public ValueTask<IViewStore> OpenAsync() => new(SqliteViewStore.Open(_folder.Path));

    public ValueTask<IViewStore> OpenShortLogAsync(int keptChanges) =>
        new(SqliteViewStore.Open(Path.Combine(_folder.Path, "short"), keptChanges));

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
