using CsCheck;
using Tideline.Log;

namespace Tideline.Tests.Log;

public sealed class PublishedSourcesTests
{
    private static readonly Guid s_installation = new("11111111-0000-4000-8000-000000000001");
    private static readonly PublishedSources s_sources = new(s_installation);

    private static readonly Gen<SourceName> Name = Gen.Select(
        Gen.Int[0, 3].Select(at => new[] { "shard", "saga", "audit", "dead-customers" }[at]), Gen.Int[0, 63],
        Gen.Long[1, long.MaxValue], Gen.Long[0, long.MaxValue],
        (producer, shard, epoch, after) => new SourceName(producer, shard, epoch, after));

    [Theory]
    [InlineData("shard-3", "shard-3@1")]
    [InlineData("shard-3.1769860800000000.128", "shard-3@1769860800000000")]
    [InlineData("shard-3.1.57", "shard-3@1")]
    [InlineData("foreign", "foreign")]
    public void A_source_names_installation_shard_and_epoch(string source, string published) =>
        s_sources.Of(source).ShouldBe($"/tideline/11111111-0000-4000-8000-000000000001/{published}");

    [Fact]
    public void A_source_is_a_relative_reference_of_RFC_3986() =>
        Name.Sample(name => Uri.IsWellFormedUriString(s_sources.Of(name.ToString()), UriKind.Relative));

    [Fact]
    public void A_published_source_is_read_back() => Name.Sample(name =>
        s_sources.NameOf(s_sources.Of(name.ToString()), name.After) == name.ToString());

    [Fact]
    public void A_source_of_another_installation_is_none_of_this_one()
    {
        new PublishedSources(Guid.Empty).NameOf(s_sources.Of("shard-3"), 0).ShouldBeNull();
        s_sources.NameOf("/tideline/", 0).ShouldBeNull();
        s_sources.NameOf("shard-3", 0).ShouldBeNull();
        s_sources.NameOf($"/tideline/{s_installation}/", 0).ShouldBeNull();
    }
}
