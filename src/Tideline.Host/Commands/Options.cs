using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary>Options that several commands share.</summary>
internal static class Options
{
    public static Option<string> Data() => new("--data")
    {
        Description = "The data folder; TIDELINE_DATA in the environment says the same.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("TIDELINE_DATA") is { Length: > 0 } data ? data : "./data",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for scripts." };

    public static Option<string?> JsonFile() => new("--json") { Description = "Also write the result as JSON into this file." };
}
