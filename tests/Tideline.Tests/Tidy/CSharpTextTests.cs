namespace Tideline.Tests.Tidy;

/// <summary>The measure itself: a measure that sees nothing finds nothing wrong.</summary>
public sealed class CSharpTextTests
{
    private const string Sample = """
        namespace Sample;

        /// <summary>Described.</summary>
        public sealed record Described(int Value)
        {
            public static string Brace() => "}";

            public async Task<(int, string)> LongAsync<T>(
                Func<int, (int, int)> make, T value)
                where T : notnull
            {
                // A brace } in a comment, and one in a character:
                var brace = '}';
                if (brace == '{')
                {
                    await Task.Yield();
                }

                return (1, $"{value}}}");
            }

            private static void Short()
            {
            }
        }

        public enum Bare
        {
            One,
        }
        """;

    [Fact]
    public void Methods_are_measured_from_their_head_to_their_last_brace() =>
        CSharpText.Methods(Sample).ShouldBe([("LongAsync", 8, 13), ("Short", 22, 3)]);

    [Fact]
    public void Public_types_are_found() => CSharpText.PublicTypes(Sample).ShouldBe([("Described", 4), ("Bare", 27)]);

    [Fact]
    public void Most_methods_of_the_program_are_seen()
    {
        var seen = SourceTree.Code.Where(file => file.Name.StartsWith("src/", StringComparison.Ordinal)).Sum(file => CSharpText.Methods(file.Text).Count());
        seen.ShouldBeGreaterThan(300);
    }
}
