using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Gateway.Door;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>What every role of the program has in common: how it listens, logs and stops.</summary>
internal static class WebHosting
{
    private const int MinimumThreads = 32;

    /// <summary>The beginnings of a web application.</summary>
    public static WebApplicationBuilder Begin(IPEndPoint endpoint, LogLevel from)
    {
        // The content root is the program's own folder: settings that lie about in the working folder are none of ours.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Configure(builder.Logging, from);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelLimits.Apply(kestrel);
            kestrel.Listen(endpoint);
        });
        builder.Services.Configure<HostOptions>(
            options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(Limits.DrainMs / 2));
        return builder;
    }

    /// <summary>Where programs of this machine reach it, as in <c>http://127.0.0.1:7400</c>.</summary>
    public static string AddressOf(WebApplication web) => ListenAddress.Reached(
        web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Log lines on the console, from a level on.</summary>
    public static void Configure(ILoggingBuilder logging, LogLevel from)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.SetMinimumLevel(from);
    }

    /// <summary>
    /// The pool needs more threads than there are processors for continuations to be prompt, also while some wait for a
    /// server that does not answer.
    /// </summary>
    public static void PrepareThreads() =>
        ThreadPool.SetMinThreads(Math.Max(MinimumThreads, Environment.ProcessorCount * 2), 8);
}
