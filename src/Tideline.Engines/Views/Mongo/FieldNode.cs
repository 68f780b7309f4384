using System.Text;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// The types of the fields of a collection, as a tree of names: one node for each object, arrays being what is in them.
/// A field whose name another one of the node adds beside itself is <see cref="Field.IsAdded"/>.
/// </summary>
internal sealed class FieldNode
{
    private readonly List<Field> _fields = [];
    private FieldNode? _any;

    /// <summary>No types at all.</summary>
    public static FieldNode None { get; } = new();

    /// <summary>The tree of a definition's types.</summary>
    /// <exception cref="TidelineException">InvalidInput: two types of one field, or a name that does not fit its
    /// kind.</exception>
    public static FieldNode Of(IReadOnlyList<FieldType> types)
    {
        if (types.Count == 0) return None;
        var root = new FieldNode();
        foreach (var type in types)
        {
            var (node, names) = (root, type.Path.Split('.'));
            foreach (var name in names[..^1]) node = node.Descend(name);
            node.Add(names[^1], type);
        }

        return root;
    }

    /// <summary>What is known of a field; null: nothing.</summary>
    public Field? Find(ReadOnlySpan<byte> name)
    {
        foreach (var field in _fields)
        {
            if (name.SequenceEqual(field.Name)) return field;
        }

        return null;
    }

    /// <summary>The node of what is in a field.</summary>
    public FieldNode Inner(Field? field) => field?.Inner ?? _any ?? None;

    private FieldNode Descend(string name)
    {
        if (name == "*") return _any ??= new FieldNode();
        return FieldOf(name).Inner ??= new FieldNode();
    }

    private void Add(string name, FieldType type)
    {
        var field = FieldOf(name);
        if (field.Kind is not null || field.IsAdded || field.IsExactUs) throw Twice(type);
        field.Kind = type.Kind;
        var added = type.Kind switch
        {
            FieldKind.TimeUs => Without(name, "Us", type),
            FieldKind.AmountMinor => Without(name, "Minor", type),
            FieldKind.Time when type.ExactUs is null => name + "Us",
            _ => null,
        };
        if (type.ExactUs is { } exact)
        {
            field.ExactUs = FieldOf(exact);
            if (field.ExactUs.Kind is not null || field.ExactUs.IsAdded) throw Twice(type);
            field.ExactUs.IsExactUs = true;
        }

        if (added is null) return;
        field.Added = FieldOf(added);
        if (field.Added.Kind is not null || field.Added.IsAdded) throw Twice(type);
        field.Added.IsAdded = true;
    }

    private Field FieldOf(string name)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        if (Find(utf8) is { } known) return known;
        var field = new Field(utf8);
        _fields.Add(field);
        return field;
    }

    private static string Without(string name, string unit, FieldType type) =>
        name.Length > unit.Length && name.EndsWith(unit, StringComparison.Ordinal)
            ? name[..^unit.Length]
            : throw new TidelineException(
                ErrorCode.InvalidInput, $"The field '{type.Path}' cannot be of the kind {type.Kind}: its name must end "
                    + $"with {unit}.");

    private static TidelineException Twice(FieldType type) =>
        new(ErrorCode.InvalidInput, $"The field '{type.Path}' has two types.");

    /// <summary>What is known of one field.</summary>
    internal sealed class Field(byte[] name)
    {
        public byte[] Name => name;

        /// <summary>Its type; null: what the JSON says.</summary>
        public FieldKind? Kind { get; set; }

        /// <summary>The field that the engine adds after it; null: none.</summary>
        public Field? Added { get; set; }

        /// <summary>Whether the engine adds it, so that the JSON may not have it.</summary>
        public bool IsAdded { get; set; }

        /// <summary>Where the JSON has the microseconds of a time; null: nowhere.</summary>
        public Field? ExactUs { get; set; }

        /// <summary>Whether another field's microseconds are in it.</summary>
        public bool IsExactUs { get; set; }

        /// <summary>Types of what is in it.</summary>
        public FieldNode? Inner { get; set; }
    }
}
