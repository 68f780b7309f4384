using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Tests.Services;

namespace Tideline.Tests.Gateway;

/// <summary>What clients depend on. A line may be added to the frozen files; none may change or go.</summary>
public sealed class FrozenContractTests
{
    /// <summary>The problem types without those of services that only tests have.</summary>
    internal static IEnumerable<ProblemType> OfThisBuild =>
        ProblemTypes.All.Where(type => type.Name != Pledge.TooSmall.Name);

    [Fact]
    public void Problem_types_are_frozen() =>
        ShouldMatch("problem-types.txt", OfThisBuild.Select(type => $"{type.Uri} {type.Status}"));

    [Fact]
    public async Task Routes_are_frozen()
    {
        await using var server = await GatewayServer.StartAsync();
        ShouldMatch("routes.txt", server.Routes.Select(route => $"{route.Path} {route.Method}"));
    }

    [Fact]
    public void Every_refusal_and_every_fault_has_a_type_named_after_it()
    {
        foreach (var reason in Enum.GetValues<RefusalReason>())
            ProblemTypes.Of(reason).Name.ShouldBe(Kebab(reason.ToString()));
        foreach (var code in Enum.GetValues<ErrorCode>()) ProblemTypes.Of(code).Name.ShouldBe(Kebab(code.ToString()));
    }

    [Fact]
    public void No_two_types_share_a_name() => ProblemTypes.All.Select(type => type.Name).ShouldBeUnique();

    private static string Kebab(string name) => string.Concat(name.Select((letter, index) => char.IsUpper(letter)
        ? (index == 0 ? "" : "-") + char.ToLowerInvariant(letter) : letter.ToString()));

    private static void ShouldMatch(string file, IEnumerable<string> lines) =>
        string.Join('\n', lines.Order(StringComparer.Ordinal)).ShouldBe(File.ReadAllText(
            Path.Combine(AppContext.BaseDirectory, "Frozen", file)).TrimEnd(), $"Frozen/{file} says otherwise");
}
