using System.Text.Json;

namespace Tideline.Tools.Opponent;

/// <summary>An event as published, read by its documented names.</summary>
internal sealed class Fact
{
    private readonly JsonElement _data;

    public Fact(int shard, long seq, string type, Guid subject, long version, long timeUs, ReadOnlyMemory<byte> data)
    {
        (Shard, Seq, Type, Subject, Version, TimeUs) = (shard, seq, type, subject, version, timeUs);
        using var document = JsonDocument.Parse(data);
        _data = document.RootElement.Clone();
    }

    public int Shard { get; }

    public long Seq { get; }

    public string Type { get; }

    public Guid Subject { get; }

    public long Version { get; }

    public long TimeUs { get; }

    public string Kind => Text("kind");

    public string Text(string name) => _data.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    public long Number(string name) => _data.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    public Guid Id(string name) => Guid.TryParse(Text(name), out var id) ? id : Guid.Empty;

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"event ({Shard}, {Seq}) {Type} of {Subject} version {Version}: {_data.GetRawText()}");
}
