using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tideline.Gateway.Http;

namespace Tideline.Tests.Gateway;

/// <summary>What a node answers before it can take requests, and when it takes no more.</summary>
public sealed class DoorstepTests : IAsyncLifetime
{
    private readonly Doorstep _doorstep = new();
    private readonly HttpClient _client = new();
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(_doorstep.HandleAsync);
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task While_it_starts_it_is_live_and_not_ready()
    {
        await IsLiveAsync();
        await IsNotReadyAsync("starting");
        _doorstep.Open(http => http.Response.WriteAsync("the gateway"));
        (await _client.GetStringAsync("/health/ready")).ShouldBe("the gateway");
    }

    [Fact]
    public async Task While_it_drains_it_finishes_what_is_under_way_and_takes_nothing_new()
    {
        var (entered, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        _doorstep.Open(async http =>
        {
            entered.SetResult();
            await finish.Task;
            await http.Response.WriteAsync("done");
        });
        var underWay = _client.GetStringAsync("/v1/slow");
        await entered.Task;
        var closed = _doorstep.CloseAsync(TimeSpan.FromMinutes(5));
        await IsLiveAsync();
        await IsNotReadyAsync("draining");
        closed.IsCompleted.ShouldBeFalse();
        finish.SetResult();
        (await underWay).ShouldBe("done");
        await closed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        // The port still answers.
        await IsNotReadyAsync("draining");
    }

    private async Task IsLiveAsync() => (await _client.GetAsync("/health/live")).StatusCode.ShouldBe(HttpStatusCode.OK);

    private async Task IsNotReadyAsync(string status)
    {
        foreach (var probe in new[] { "/health/ready", "/health/fresh", "/health/detail" })
        {
            var answer = await Answer.ReadAsync(await _client.GetAsync(probe));
            (answer.Status, answer["status"]).ShouldBe((HttpStatusCode.ServiceUnavailable, status));
        }

        (await Answer.ReadAsync(await _client.GetAsync("/v1/anything"))).ShouldBeProblem("shutting-down", 503);
    }
}
