using System.Net;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Tests.Host;

/// <summary><c>--own</c> and <c>--address</c>: which shards a process prefers, and where others reach it.</summary>
public sealed class PeerOptionTests
{
    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("0,2-4", new[] { 0, 2, 3, 4 })]
    [InlineData(" 3 - 3 , 63", new[] { 3, 63 })]
    public void Shards_are_named_one_by_one_or_from_one_to_another(string text, int[] shards) =>
        OwnShards.Parse(text).Order().ShouldBe(shards);

    [Theory]
    [InlineData("")]
    [InlineData("0,")]
    [InlineData("-1")]
    [InlineData("64")]
    [InlineData("3-2")]
    [InlineData("1-2-3")]
    [InlineData("all")]
    public void What_names_no_shards_is_refused_in_words_that_say_how_to(string text)
    {
        var refused = Should.Throw<TidelineException>(() => OwnShards.Parse(text));
        (refused.Code, refused.Message).ShouldBe(
            (ErrorCode.InvalidInput,
                $"--own (TIDELINE_OWN) must list shards from 0 to 63, such as 0,2-3, not '{text}'."));
    }

    [Theory]
    [InlineData("http://node-1:7400", "http://node-1:7400")]
    [InlineData("https://node-1.bank/", "https://node-1.bank")]
    [InlineData(null, "http://10.0.0.7:7401")]
    public void An_address_is_what_was_given_or_where_it_listens(string? given, string address) =>
        PeerAddress.Of(given, IPEndPoint.Parse("10.0.0.7:7401")).ShouldBe(address);

    [Fact]
    public void One_that_listens_everywhere_is_reached_by_the_machines_name()
    {
        foreach (var everywhere in (string[])["0.0.0.0:7400", "[::]:7400"]) PeerAddress.Of(
            null, IPEndPoint.Parse(everywhere)).ShouldBe($"http://{Dns.GetHostName().ToLowerInvariant()}:7400");
        PeerAddress.Of(null, IPEndPoint.Parse("[::1]:7400")).ShouldBe("http://[::1]:7400");
    }

    [Theory]
    [InlineData("node-1:7400")]
    [InlineData("ftp://node-1")]
    [InlineData("http://node-1/tideline")]
    [InlineData("http://user@node-1")]
    public void What_is_no_address_is_refused(string text) => Should.Throw<TidelineException>(
        () => PeerAddress.Of(text, IPEndPoint.Parse("127.0.0.1:7400"))).Code.ShouldBe(ErrorCode.InvalidInput);

    [Fact]
    public async Task They_are_for_the_cluster_profile()
    {
        foreach (var option in (string[])["--own", "--address"])
        {
            var (exitCode, _, errors) = await HostProcess.RunAsync("up", option, "0");
            (exitCode, errors.Contains($"{option} (TIDELINE_", StringComparison.Ordinal),
                errors.Contains("--profile cluster", StringComparison.Ordinal)).ShouldBe((2, true, true), errors);
        }
    }
}
