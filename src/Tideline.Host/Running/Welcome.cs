using System.Net;

namespace Tideline.Host.Running;

/// <summary>The first output of <c>up</c>.</summary>
internal static class Welcome
{
    public static void Print(Server server, string data, bool isDemo)
    {
        var address = server.Address;
        Console.WriteLine(
            $"Tideline is up: {address}   data: {Path.GetFullPath(data)}   shards: {server.Node.Ledger.Map.Shards}");
        for (var shard = 0; shard < server.Node.Ledger.Map.Shards; shard++)
        {
            if (server.Node.Ledger.OwnerElsewhere(shard) is { } owner)
                Console.WriteLine($"  Shard {shard} is owned by {owner}.");
        }

        Console.WriteLine($"  reference {address}/docs");
        Console.WriteLine($"  health    {address}/health/ready   metrics {address}/metrics");
        Console.WriteLine(IPAddress.IsLoopback(server.Listens)
            ? "  This version has no authentication; it listens on loopback only."
            : $"  This version has no authentication: anyone who can reach {server.Listens} can do "
                + "everything.");
        if (isDemo)
        {
            Console.WriteLine("  Try, in another terminal:");
            Console.WriteLine($"    curl -s {address}/v1/payments/transfers \\");
            Console.WriteLine("      -H 'Content-Type: application/json' -H 'Idempotency-Key: my-first' \\");
            Console.WriteLine($"      -d '{{\"from\":\"{Demo.DemoCustomers.AdasAccount}\",");
            Console.WriteLine($"           "
                + $"\"to\":\"{Demo.DemoCustomers.BelasAccount}\",\"amount\":\"12.34\",\"currency\":\"EUR\"}}'");
        }

        Console.WriteLine("  Ctrl-C drains and stops.");
        Console.Out.Flush();
    }
}
