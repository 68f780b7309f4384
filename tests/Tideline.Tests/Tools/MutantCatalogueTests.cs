using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Tideline.Tests.Tidy;
using Tideline.Tools.Mutants;

namespace Tideline.Tests.Tools;

/// <summary>The bugs to plant fit the source as it is.</summary>
public sealed partial class MutantCatalogueTests
{
    private static readonly Mutant s_sample = new()
    {
        Name = "sample", File = "Kernel/Sample.cs", Find = "b", Replace = "c", What = "", How = "", Laws = "I1",
    };

    [Fact]
    public void There_are_enough_of_them() => MutantCatalogue.All.Count.ShouldBeGreaterThanOrEqualTo(50);

    [Fact]
    public void Every_one_finds_its_text_once_and_none_overlaps_another()
    {
        foreach (var file in MutantCatalogue.All.GroupBy(mutant => mutant.File))
        {
            var planted = MutantTree.Apply(TextOf(file.Key), file);
            foreach (var mutant in file) planted.ShouldContain(mutant.Replace);
        }
    }

    [Fact]
    public void Every_file_is_still_a_program() => string.Join('\n',
        from file in MutantCatalogue.All.GroupBy(mutant => mutant.File)
        from fault in CSharpSyntaxTree.ParseText(MutantTree.Apply(TextOf(file.Key), file)).GetDiagnostics()
        where fault.Severity == DiagnosticSeverity.Error
        select $"{file.Key}: {fault}").ShouldBeEmpty();

    [Fact]
    public void Every_one_has_a_name_of_its_own_and_is_guarded_by_it()
    {
        MutantCatalogue.All.Select(mutant => mutant.Name).ShouldBeUnique();
        foreach (var mutant in MutantCatalogue.All)
        {
            mutant.Name.ShouldMatch(KebabCase().ToString());
            Guard().Matches(mutant.Replace).Select(match => match.Groups[1].Value).ShouldBe([mutant.Name]);
        }
    }

    [Fact]
    public void Every_one_says_what_it_is_how_it_shows_and_what_it_breaks()
    {
        foreach (var mutant in MutantCatalogue.All)
        {
            mutant.What.ShouldEndWith(".");
            mutant.How.ShouldEndWith(".");
            mutant.Laws.Split(' ').ShouldAllBe(law => Law().IsMatch(law), mutant.Name);
        }
    }

    // I14 holds by how ids are drawn; no small change of one file gives two holds the same one.
    [Fact]
    public void Every_other_invariant_is_broken_by_one() =>
        MutantCatalogue.All.SelectMany(mutant => mutant.Laws.Split(' ')).Distinct()
            .ShouldBe([.. Enumerable.Range(1, 16).Where(law => law != 14).Select(law => $"I{law}"), "model"],
                ignoreOrder: true);

    [Theory]
    [InlineData("aa", "does not hold its text")]
    [InlineData("abb", "holds its text twice")]
    public void An_edit_that_does_not_fit_is_named(string text, string why) =>
        Should.Throw<InvalidOperationException>(() => MutantTree.Apply(text, [s_sample]))
            .Message.ShouldBe($"Mutant sample: Kernel/Sample.cs {why}.");

    [Fact]
    public void Edits_that_overlap_are_named() =>
        Should.Throw<InvalidOperationException>(
            () => MutantTree.Apply("abc", [s_sample with { Name = "wide", Find = "bc" }, s_sample with { Find = "c" }]))
            .Message.ShouldBe("Mutant sample overlaps mutant wide.");

    [Fact]
    public void Edits_are_applied_where_they_belong() =>
        MutantTree.Apply("abcd", [s_sample with { Find = "d", Replace = "e" }, s_sample]).ShouldBe("acce");

    private static string TextOf(string file) =>
        File.ReadAllText(Path.Combine(SourceTree.Root, "src", "Tideline", file));

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex KebabCase();

    [GeneratedRegex(@"Planted\.Is\(""([^""]*)""\)")]
    private static partial Regex Guard();

    [GeneratedRegex("^(I([1-9]|1[0-6])|model)$")]
    private static partial Regex Law();
}
