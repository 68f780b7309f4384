using System.Text;
using Tideline.Engines.Sqlite;
using Tideline.Engines.Tests.Ledger;
using Tideline.Engines.Views.Sqlite;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

public sealed class SqliteViewStoreTests : ViewStoreContract<SqliteViews>;

public sealed class SqliteViewQueryTests : ViewQueryContract<SqliteViews>;

public sealed class SqliteViewChangesTests : ViewChangesContract<SqliteViews>;

public sealed class SqliteStableNameTests
{
    [Fact]
    public async Task A_name_is_a_view_of_the_newest_version()
    {
        using var folder = new TemporaryFolder();
        await using (var views = SqliteViewStore.Open(folder.Path))
        {
            foreach (var version in new[] { "1", "2" })
            {
                var name = $"people_v{version}";
                await views.EnsureCollectionAsync(new CollectionDefinition(name, [], false), default);
                await views.WriteAsync(name, [new DocumentWrite(
                    "a", 0, 1, Encoding.UTF8.GetBytes($$"""{"version":{{version}}}"""), NoValues)], default);
                (await views.PublishAsync("people", name, default)).ShouldBeNull();
            }

            await views.DropCollectionAsync("people_v1", default);
        }

        using var database = SqliteDatabase.OpenWriter(Path.Combine(folder.Path, "views", "views.db"));
        var row = database.Prepare("SELECT id, json ->> 'version' FROM people");
        row.Step().ShouldBeTrue();
        (row.Text(0), row.Long(1)).ShouldBe(("a", 2L));
        row.Step().ShouldBeFalse();
        row.Reset();
    }

    private static readonly Dictionary<string, object?> NoValues = [];
}

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
