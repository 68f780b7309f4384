using System.CommandLine;
using System.CommandLine.Parsing;

namespace Tideline.Host.Commands;

/// <summary>Options that several commands share.</summary>
internal static class Options
{
    public static Option<string> Data()
    {
        var data = new Option<string>("--data")
        {
            Description = "The data folder. Environment: TIDELINE_DATA.",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable("TIDELINE_DATA") is { Length: > 0 } data
                ? data
                : "./data",
        };
        data.Validators.Add(RequirePath);
        return data;
    }

    /// <summary>Refuses an empty path, which no system call accepts.</summary>
    public static void RequirePath(SymbolResult given)
    {
        if (given.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
            given.AddError("The path must not be empty.");
    }

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for scripts." };

    public static Option<string?> JsonFile() =>
        new("--json") { Description = "Also write the result as JSON to this file." };
}
