using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools.Drills.Failover;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Faults;

/// <summary>
/// A site's own failover, of which the ledger knows nothing but that its one address leads to another server: as with
/// InnoDB Cluster, Vitess or a managed MySQL.
/// </summary>
public sealed class AddressChangedTests
{
    private const int Clients = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Writers_and_readers_follow_the_address_and_nothing_acknowledged_is_lost(bool isKilled)
    {
        OwnServer.SkipWhenEmbedded();
        using var folder = new TemporaryFolder("address");
        await using var group = await GroupAsync(folder.Path);
        await using var address = new MovingAddress(group.Ports[0]);
        var options = new MySqlLedgerOptions
        {
            Primaries = [string.Create(
            CultureInfo.InvariantCulture, $"Server=127.0.0.1;Port={address.Port};User ID=root")], Shards = 1
        };
        await using var store = await MySqlLedgerStore.OpenAsync(
            options, TimeProvider.System, NullLogger.Instance, Cancel);
        await using var ledger = await StartAsync(store);
        // Another process, which stands by: no batch of its own tells it.
        await using var otherStore = await MySqlLedgerStore.OpenAsync(
            options, TimeProvider.System, NullLogger.Instance, Cancel);
        await using var other = await StartAsync(otherStore);
        var random = new SeededRandom(1);
        var accounts = await AccountSet.LoadAsync(ledger, 40, random.Fork(), Cancel);
        var (payments, others) = (Payments(ledger), Payments(other));
        var load = new FailoverLoad(
            ledger.Map, async (from, to, amount, key, token) =>
            {
                var request = new TransferRequest(from, to, amount, null, key, key);
                return (await (other.Owns(0) ? others : payments).TransferAsync(request, token)).TransferId;
            },
            accounts, Clients, random.Fork());
        await UntilAnsweredAsync(load);
        await ReadAtOnceAsync(other);

        // The old one is gone; or it still answers whoever has a line to it, and takes no writes.
        var site = new SiteFailover(group);
        var next = isKilled ? await site.KillAsync(Cancel) : await site.SwitchAsync(Cancel);
        address.LeadTo(group.Ports[next]);
        await UntilAnsweredAsync(load);
        await load.EndAsync();
        var last = await site.LastEventAsync(next, Cancel);
        foreach (var (process, name) in new[] { (ledger, "the first"), (other, "the other") })
        {
            await UntilAsync(async () => (await ReadAtOnceAsync(process)).All(seq => seq == last),
                $"{name} process still reads the old server");
            var proof = await LoadProof.ReadAsync(load, [process.Reader(0)], random.Fork(), Cancel);
            proof.Checks.Where(check => !check.Ok).ShouldBeEmpty(name);
            proof.Answered.ShouldBeGreaterThan(0);
        }
    }

    // Each on a session of its own.
    private static async Task<IEnumerable<long>> ReadAtOnceAsync(GeneralLedger ledger) =>
        (await Task.WhenAll(Enumerable.Range(0, Clients)
            .Select(async _ => await ledger.Reader(0).GetHeadAsync(Cancel)))).Select(head => head.EventSeq);

    private static Transfers Payments(GeneralLedger ledger) =>
        new(ledger, new SagaWaiters(ledger), TimeProvider.System);

    private static Task<GeneralLedger> StartAsync(MySqlLedgerStore store) =>
        GeneralLedger.StartAsync(
            store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel);

    private static async Task<SemiSyncGroup> GroupAsync(string folder)
    {
        try
        {
            return await SemiSyncGroup.StartAsync(folder, Cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A group of MySQL servers cannot be had here: {fault.Message}");
            throw;
        }
    }

    private static Task UntilAnsweredAsync(FailoverLoad load)
    {
        var begun = Stopwatch.GetTimestamp();
        return UntilAsync(() => Task.FromResult(load.AnsweredSince(begun)), "the ledger does not answer");
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo, string otherwise)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(Limit, otherwise);
            await Task.Delay(20, Cancel);
        }
    }
}
