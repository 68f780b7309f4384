using Tideline.Engines.Views.Sqlite;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

public sealed class SqliteViewStoreTests : ViewStoreContract
{
    private protected override IViewStore Open(string folder) => SqliteViewStore.Open(folder, KeptChanges);
}
