using System.Text.Json;

namespace Tideline.Tools.Figures;

/// <summary>What a scenario measured, and its JSON as scripts read it.</summary>
internal sealed record Report(string Scenario, double Seconds, string Engines, IReadOnlyList<Figure> Figures)
{
    /// <summary>The JSON of <c>bench --json</c>; target and met are there where a figure has a target.</summary>
    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("scenario", Scenario);
            json.WriteNumber("seconds", Seconds);
            json.WriteString("engines", Engines);
            Write(json, Figures);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Writes the <c>figures</c> property.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<Figure> figures)
    {
        json.WriteStartArray("figures");
        foreach (var figure in figures) Write(json, figure);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Figure figure)
    {
        json.WriteStartObject();
        json.WriteString("name", figure.Name);
        json.WriteNumber("value", Math.Round(figure.Value, 3));
        json.WriteString("unit", figure.Unit);
        if (figure.Baseline is { } baseline)
        {
            json.WriteStartObject("baseline");
            json.WriteString("name", baseline.Name);
            json.WriteNumber("value", Math.Round(baseline.Value, 3));
            json.WriteEndObject();
        }

        if (figure.Ratio is { } ratio) json.WriteNumber("ratio", Math.Round(ratio, 3));
        if (figure.Target is { } target) json.WriteString("target", target.ToString());
        if (figure.Met is { } met) json.WriteBoolean("met", met);
        json.WriteEndObject();
    }
}
