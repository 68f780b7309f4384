namespace Tideline.Views;

/// <summary>What the JSON of a field means, for an engine that has a type of its own for it.</summary>
public enum FieldKind
{
    /// <summary>An id as text: <c>019aad7e-0000-7000-8000-000000000001</c>.</summary>
    Id,

    /// <summary>A day as text: <c>2026-01-31</c>.</summary>
    Day,

    /// <summary>A time as text, RFC 3339 in UTC.</summary>
    Time,

    /// <summary>Microseconds since 1970-01-01 UTC; the field's name ends with <c>Us</c>.</summary>
    TimeUs,

    /// <summary>
    /// Minor units of the currency that the field <c>currency</c> of the same object names, or else of the nearest one
    /// around it; the field's name ends with <c>Minor</c>.
    /// </summary>
    AmountMinor,

    /// <summary>Bytes as text in base64.</summary>
    Bytes,
}

/// <summary>
/// The type of a field, so that the store's own tools find dates, decimals, ids and bytes and not only text and whole
/// numbers. It changes nothing of the JSON that is read and written.
/// </summary>
/// <param name="Path">The names from the document down, with dots; arrays count as what is in them, and <c>*</c> is any
/// name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="ExactUs">Of a <see cref="FieldKind.Time"/>: the field before it in the same object that has the time in
/// microseconds. Null: there is none.</param>
public sealed record FieldType(string Path, FieldKind Kind, string? ExactUs = null);
