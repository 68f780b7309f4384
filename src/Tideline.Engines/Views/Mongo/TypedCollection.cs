using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>A collection with the types of its fields as a tree.</summary>
internal sealed record TypedCollection(CollectionDefinition Definition, FieldNode Types)
{
    public TypedCollection(CollectionDefinition definition)
        : this(definition, FieldNode.Of(definition.Fields))
    {
    }

    public string Name => Definition.Name;
}
