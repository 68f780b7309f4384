using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// A saga as the aggregate that the ledger stores. The kind names the definition and its version; the data is JSON:
/// <code>
/// {"step":1,"attempts":1,"createdUs":…,"updatedUs":…,"dataBytes":210,"data":{…},"history":[…]}
/// </code>
/// The length lets a reader copy data and history without parsing them.
/// </summary>
internal static class SagaCodec
{
    /// <summary>The prefix of the kinds of sagas.</summary>
    public const string KindPrefix = "saga:";

    /// <summary>The kind of a message about a saga that could not be handled.</summary>
    public const string LetterKind = "saga-letter:1";

    private const int MostHeadBytes = 192;

    private static ReadOnlySpan<byte> BeforeHistory => ",\"history\":"u8;

    /// <summary>The saga as an aggregate of the given version.</summary>
    public static AggregateRow Write(SagaRow row, long version) =>
        new(row.Id, KindOf(row), version, row.State.Word(), row.State.IsAtRest(), row.WakeUs, DataOf(row));

    /// <summary>
    /// Reads a saga from its aggregate. If the data is damaged, its bytes become <see cref="SagaRow.Data"/>, which
    /// cannot be parsed, so that the saga can still be listed and parked.
    /// </summary>
    /// <exception cref="TidelineException">Corrupt: the aggregate is not a saga. IncompatibleData: this program does
    /// not know its state.</exception>
    public static SagaRow Read(AggregateRow aggregate)
    {
        var (name, version) = DefinitionOf(aggregate);
        var row = new SagaRow(
            aggregate.Id, name, version, SagaStates.Of(aggregate.State), 0, 0, aggregate.WakeUs, aggregate.Data,
            "[]"u8.ToArray(), 0, 0);
        try
        {
            return WithData(row, aggregate.Data);
        }
        catch (Exception damaged) when (damaged is JsonException or FormatException or InvalidOperationException)
        {
            return row;
        }
    }

    private static string KindOf(SagaRow row) => row.Definition == SetAside.Definition
        ? LetterKind
        : string.Create(CultureInfo.InvariantCulture, $"{KindPrefix}{row.Definition}:{row.DefinitionVersion}");

    private static (string Name, int Version) DefinitionOf(AggregateRow aggregate)
    {
        if (aggregate.Kind == LetterKind) return (SetAside.Definition, 1);
        return DefinitionOf(aggregate.Kind) ?? throw new TidelineException(
            ErrorCode.Corrupt, $"{aggregate.Id} is of kind {aggregate.Kind}, which is not a saga.");
    }

    /// <summary>The definition and version in a kind; null if it is not a saga's.</summary>
    public static (string Name, int Version)? DefinitionOf(string kind)
    {
        var colon = kind.LastIndexOf(':');
        if (colon <= KindPrefix.Length || !kind.StartsWith(KindPrefix, StringComparison.Ordinal)) return null;
        return int.TryParse(kind.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (kind[KindPrefix.Length..colon], version)
            : null;
    }

    private static byte[] DataOf(SagaRow row)
    {
        Span<byte> head = stackalloc byte[MostHeadBytes];
        Utf8.TryWrite(
            head, CultureInfo.InvariantCulture,
            $"{{\"step\":{row.Step},\"attempts\":{row.Attempts},\"createdUs\":{row.CreatedUs},\"updatedUs\":"
            + $"{row.UpdatedUs},\"dataBytes\":{row.Data.Length},\"data\":", out var written);
        var data = new byte[written + row.Data.Length + BeforeHistory.Length + row.History.Length + 1];
        head[..written].CopyTo(data);
        row.Data.CopyTo(data, written);
        BeforeHistory.CopyTo(data.AsSpan(written + row.Data.Length));
        row.History.CopyTo(data, data.Length - 1 - row.History.Length);
        data[^1] = (byte)'}';
        return data;
    }

    private static SagaRow WithData(SagaRow row, byte[] data)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        var (step, attempts) = (Number(ref reader, "step"u8), Number(ref reader, "attempts"u8));
        var (created, updated) = (Number(ref reader, "createdUs"u8), Number(ref reader, "updatedUs"u8));
        var length = Number(ref reader, "dataBytes"u8);
        Expect(ref reader, "data"u8);
        var rest = data.AsSpan((int)reader.BytesConsumed);
        if (length < 0 || length > rest.Length - BeforeHistory.Length - 1
            || !rest[(int)length..].StartsWith(BeforeHistory))
            throw new JsonException("The data of a saga is truncated.");
        return row with
        {
            Step = checked((int)step),
            Attempts = checked((int)attempts),
            CreatedUs = created,
            UpdatedUs = updated,
            Data = rest[..(int)length].ToArray(),
            History = rest[((int)length + BeforeHistory.Length)..^1].ToArray(),
        };
    }

    private static long Number(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        Expect(ref reader, name);
        reader.Read();
        return reader.GetInt64();
    }

    private static void Expect(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(name))
            throw new JsonException("The data of a saga does not begin with the expected fields.");
    }
}
