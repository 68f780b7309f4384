using System.Net;
using Microsoft.AspNetCore.Http;
using Tideline.Gateway.Door;
using Tideline.Kernel;

namespace Tideline.Tests.Gateway.Door;

public sealed class HostNamesTests
{
    [Theory]
    [InlineData("10.0.0.7:7400", "10.0.0.7", true)]
    [InlineData("10.0.0.7:7400", "::ffff:10.0.0.7", true)]
    [InlineData("[fd00::7]:7400", "fd00::7", true)]
    [InlineData("10.0.0.8:7400", "10.0.0.7", false)]
    [InlineData("ten.example", "10.0.0.7", false)]
    public void The_address_that_a_connection_came_in_on_is_a_host_of_the_node(string host, string local, bool isOwn) =>
        HostNames.Loopback.Contains(new HostString(host), IPAddress.Parse(local)).ShouldBe(isOwn);

    [Theory]
    [InlineData("bank.example:443")]
    [InlineData("http://bank.example")]
    [InlineData("bank example")]
    [InlineData("*")]
    [InlineData("")]
    public void What_is_no_host_is_refused_by_name(string name)
    {
        var fault = Should.Throw<TidelineException>(() => new HostNames([name]));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldContain($"'{name}'");
    }
}
