using System.Text.Json;
using Tideline.Tools.Figures;

namespace Tideline.Tools.Drills;

/// <summary>What a drill found.</summary>
internal sealed record DrillReport(string Name, IReadOnlyList<Check> Checks, IReadOnlyList<Figure> Figures)
{
    public bool Ok => Checks.All(check => check.Ok);

    /// <summary>The JSON of <c>drill --json</c>.</summary>
    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", Ok);
            json.WriteStartArray("checks");
            foreach (var check in Checks)
            {
                json.WriteStartObject();
                json.WriteString("name", check.Name);
                json.WriteBoolean("ok", check.Ok);
                json.WriteString("detail", check.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Report.Write(json, Figures);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    public void Print()
    {
        FigureTable.Print($"drill {Name}", Figures);
        foreach (var check in Checks)
            Console.WriteLine($"{(check.Ok ? "ok  " : "NOT OK")} {check.Name}: {check.Detail}");
        Console.WriteLine(
            Ok ? "Every check held." : $"{Checks.Count(check => !check.Ok)} of {Checks.Count} checks did not hold.");
    }
}
