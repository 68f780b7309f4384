using System.CommandLine;
using Tideline.Tools.Mutants;

namespace Tideline.Tools.Commands;

/// <summary><c>tideline mutants</c>: whether the simulation finds bugs planted in a copy of the source.</summary>
internal static class MutantsCommand
{
    public static Command Build()
    {
        var names = new Argument<string[]>("NAMES")
        { Description = "The bugs; default: those that must be found.", Arity = ArgumentArity.ZeroOrMore };
        var seeds = new Option<int>("--seeds")
        {
            Description = "How many seeds each bug may take to be found.",
            DefaultValueFactory = _ => MutantCatalogue.Seeds,
        };
        var frequent = new Option<bool>("--frequent")
        {
            Description = "Only those that a few runs find.",
        };
        var list = new Option<bool>("--list") { Description = "Name the bugs, and hunt none." };
        var command = new Command("mutants", "Plant bugs in a copy of the source, and count the "
            + "seeds until the simulation finds each.") { names, seeds, frequent, list };
        command.Validators.Add(result =>
        {
            if (result.GetValue(frequent) && result.GetValue(names) is { Length: > 0 })
                result.AddError("--frequent and names of bugs exclude each other.");
        });
        command.SetAction((parsed, cancel) =>
        {
            if (parsed.GetValue(list)) return Task.FromResult(List());
            return new MutantHunt(parsed.GetValue(seeds)).RunAsync(
                parsed.GetValue(frequent) ? [.. MutantCatalogue.Frequent] : parsed.GetValue(names) ?? [], cancel);
        });
        return command;
    }

    private static int List()
    {
        foreach (var mutant in MutantCatalogue.All) Console.WriteLine($"{mutant.Name,-36} {mutant.What}");
        return 0;
    }
}
