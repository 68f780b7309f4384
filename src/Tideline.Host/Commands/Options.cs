using System.CommandLine;

namespace Tideline.Host.Commands;

/// <summary>Options that several commands share.</summary>
internal static class Options
{
    public static Option<string> Data() => new("--data") { Description = "The data folder.", DefaultValueFactory = _ => "./data" };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for scripts." };

    public static Option<string?> JsonFile() => new("--json") { Description = "Also write the result as JSON into this file." };
}
