using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Gateway.Door;

namespace Tideline.Host.Running;

/// <summary>Listening, logging and stopping, common to all roles of the program.</summary>
internal static class WebHosting
{
    private const int MinimumThreads = 32;

    /// <summary>Creates the builder of a web application.</summary>
    public static WebApplicationBuilder Begin(IPEndPoint endpoint, LogLevel from)
    {
        // The content root is the program's own folder, so that settings files in the working folder are not read.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Configure(builder.Logging, from);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelLimits.Apply(kestrel);
            kestrel.Listen(endpoint);
        });
        builder.Services.Configure<HostOptions>(
            options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(HostLimits.DrainMs / 2));
        return builder;
    }

    /// <summary>The address for programs on this machine, as in <c>http://127.0.0.1:7400</c>.</summary>
    public static string AddressOf(WebApplication web) => ListenAddress.Reached(
        web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Logs to the console, from a level upward.</summary>
    public static void Configure(ILoggingBuilder logging, LogLevel from)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.SetMinimumLevel(from);
    }

    /// <summary>
    /// The pool needs more threads than there are processors, so that continuations run promptly even while some
    /// threads wait for a server that does not answer.
    /// </summary>
    public static void PrepareThreads() =>
        ThreadPool.SetMinThreads(Math.Max(MinimumThreads, Environment.ProcessorCount * 2), 8);
}
