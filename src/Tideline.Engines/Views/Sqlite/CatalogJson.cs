using System.Text.Json.Serialization;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>How definitions are kept in the catalogue.</summary>
[JsonSerializable(typeof(CollectionDefinition))]
internal sealed partial class CatalogJson : JsonSerializerContext;
