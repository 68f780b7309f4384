namespace Tideline.Tests.Frozen;

public sealed class GoldenFileTests
{
    [Fact]
    public void The_same_lines_hold_in_any_order() => GoldenFile.Faults(["one", "two"], ["two", "one"]).ShouldBeEmpty();

    [Fact]
    public void A_line_that_went_is_broken() =>
        GoldenFile.Faults(["one", "two"], ["one"]).ShouldBe("broken, data on disk needs it: two");

    [Fact]
    public void A_line_that_changed_is_broken() =>
        GoldenFile.Faults(["one 1"], ["one 2"]).ShouldStartWith("broken, data on disk needs it: one 1");

    [Fact]
    public void A_new_line_asks_to_be_added() =>
        GoldenFile.Faults(["one"], ["one", "two"]).ShouldBe("new, add it to the file: two");

    [Fact]
    public void A_line_that_stands_twice_is_found() =>
        GoldenFile.Faults(["one", "one"], ["one"]).ShouldBe("twice in the file: one");
}
