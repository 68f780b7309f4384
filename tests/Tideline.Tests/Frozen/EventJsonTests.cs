using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tideline.Kernel;

namespace Tideline.Tests.Frozen;

/// <summary>The JSON of events: ledgers, logs and archives hold it for ever, and others read it.</summary>
public sealed class EventJsonTests
{
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void The_JSON_of_events_is_frozen() => GoldenFile.ShouldHold("event-json.txt", EventSamples.All.Select(
        sample => $"{sample.Type.Name()} {sample.Kind} {Encoding.UTF8.GetString(sample.Json)}"));

    [Fact]
    public void The_field_names_of_event_data_are_frozen() =>
        GoldenFile.ShouldHold("event-fields.txt",
            EventDataJson.Default.EventData.Properties.Select(field => $"{field.Name} {WordOf(field.PropertyType)}"));

    [Fact]
    public void Every_event_of_the_ledger_has_a_sample() =>
        EventSamples.All.Select(sample => sample.Type).Distinct()
            .ShouldBe(Enum.GetValues<EventType>().Except([EventType.CustomerViewUpdated]), ignoreOrder: true);

    [Fact]
    public void What_is_written_is_read_back_whole()
    {
        foreach (var (_, _, json) in EventSamples.All) EventData.Parse(json).ToJson().ShouldBe(json);
    }

    [Fact]
    public void The_reference_shows_the_events_as_they_are()
    {
        var page = File.ReadAllText(Path.Combine(Tidy.SourceTree.Root, "docs", "reference", "events.md"));
        foreach (var (type, kind, json) in EventSamples.All)
        {
            page.ShouldContain($"## {type.Name()}\n");
            if (kind is "-" or "hold" or "deposit" or "transfer")
                page.ShouldContain(Pretty(json), customMessage: $"{type.Name()} {kind}");
        }
    }

    private static string Pretty(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement, s_indented);
    }

    private static string WordOf(Type type) => Nullable.GetUnderlyingType(type) is { } inner
        ? inner.Name + "?"
        : type.Name;
}
