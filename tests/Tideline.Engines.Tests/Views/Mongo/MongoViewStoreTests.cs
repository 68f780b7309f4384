namespace Tideline.Engines.Tests.Views.Mongo;

public sealed class MongoViewStoreTests : ViewStoreContract<MongoViews>;

public sealed class MongoViewQueryTests : ViewQueryContract<MongoViews>;

public sealed class MongoViewChangesTests : ViewChangesContract<MongoViews>;
