using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Log;
using Tideline.Tools.Load;

namespace Tideline.Tests.Backup;

/// <summary>A node on an installation of its own, which can be stopped, damaged and started again.</summary>
internal sealed class InstallationStage : IAsyncDisposable
{
    private static readonly Currency Eur = Currency.Parse("EUR");

    public string Data { get; private init; } = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    public TidelineNode Node { get; private set; } = null!;

    /// <summary>What it has on servers; null on the embedded engines.</summary>
    public Installation? Cluster { get; private init; }

    public static async Task<InstallationStage> StartAsync(int shards = 2)
    {
        var stage = new InstallationStage();
        await stage.OpenAsync(shards);
        return stage;
    }

    /// <summary>One with two shards on the servers of the cluster profile.</summary>
    public static async Task<InstallationStage> StartClusterAsync()
    {
        var servers = ClusterUnderTest.Require();
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var stage = new InstallationStage { Data = folder, Cluster = new Installation(folder, 2, servers) };
        await stage.OpenAsync();
        return stage;
    }

    public async Task OpenAsync(int? shards = null, string? data = null) => Node = await TidelineNode.StartAsync(
        Cluster?.Node ?? new NodeOptions { DataDirectory = data ?? Data, Shards = shards }, CancellationToken.None);

    /// <summary>An account on a shard, with some money.</summary>
    public async Task<Guid> AccountAsync(int shard, long minor)
    {
        var ledger = Node.Ledger;
        var customer = (await ledger.ExecuteAsync(
            new CreateCustomer(ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), default)).Subject;
        var account = new OpenAccount(ledger.Map.NextOn(shard, ledger.Ids), customer, Eur, 0, null);
        (await ledger.ExecuteAsync(account, default)).Refusal.ShouldBeNull();
        await DepositAsync(account.AccountId, minor);
        return account.AccountId;
    }

    public async Task DepositAsync(Guid account, long minor) => (await Node.Ledger.ExecuteAsync(
        new Deposit(Node.Ledger.Ids.Next(), account, new Money(minor, Eur), null), default)).Refusal.ShouldBeNull();

    /// <summary>A transfer with a key of its own.</summary>
    public Task<TransferReply> TransferAsync(Guid from, Guid to, long minor)
    {
        var key = Node.Ledger.Ids.Next().ToString();
        return Node.Services.Of<PaymentsService>().Transfers.TransferAsync(
            new TransferRequest(from,
                to, new Money(minor, Eur), null, Idempotency.Key("", key), Idempotency.Fingerprint(key)), default);
    }

    public async Task<long> PostedAsync(Guid account) =>
        (await Node.Ledger.ReaderOf(account).GetAccountAsync(account, default)).ShouldNotBeNull().PostedMinor;

    /// <summary>Waits until log and views hold all that the ledger does.</summary>
    public async Task LevelAsync()
    {
        for (var shard = 0; shard < Node.Ledger.Map.Shards; shard++)
        {
            var head = Node.Ledger.CommittedHead(shard).EventSeq;
            foreach (var projection in Node.Projections.All)
                (await projection.Projector.WaitForAsync(shard, head, TimeSpan.FromSeconds(30), default))
                    .ShouldBeTrue();
            // While the log says nothing, projections read the ledger, and may be ahead of the relay.
            await Eventually.IsTrueAsync(() => Node.Relay.Status[shard].RelayedSeq >= head);
        }
    }

    public async Task VerifyAsync()
    {
        await LevelAsync();
        var report = await Node.Verifier.VerifyAsync(deep: true, default);
        report.Ok.ShouldBeTrue(string.Join(Environment.NewLine, report.Checks.Where(check => !check.Ok)));
    }

    public async Task StopAsync()
    {
        await Node.DisposeAsync();
        Node = null!;
    }

    /// <summary>Stops, and keeps a copy of the ledger of the embedded engines as it is.</summary>
    public async Task KeepLedgerAsync()
    {
        await LevelAsync();
        await StopAsync();
        CopyFolder(Path.Combine(Data, "ledger"), Data + "-old");
    }

    /// <summary>
    /// Stops, puts the kept ledger under log and views as they are, begins an epoch and starts again.
    /// </summary>
    public async Task PutLedgerBackAsync()
    {
        await StopAsync();
        Directory.Delete(Path.Combine(Data, "ledger"), recursive: true);
        CopyFolder(Data + "-old", Path.Combine(Data, "ledger"));
        (await InstallationEpochs.BeginAsync(new NodeOptions { DataDirectory = Data }, "a test", default))
            .ShouldBeGreaterThan(1);
        await OpenAsync();
    }

    /// <summary>
    /// Takes the files of a shard away, to <c>-whole</c>, and puts those of another ledger folder in their place.
    /// </summary>
    public void ReplaceShard(int shard, string with)
    {
        var whole = Directory.CreateDirectory(Data + "-whole").FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Data, "ledger"), $"shard-{shard}.db*"))
            File.Move(file, Path.Combine(whole, Path.GetFileName(file)), overwrite: true);
        File.Copy(Path.Combine(with, $"shard-{shard}.db"), Path.Combine(Data, "ledger", $"shard-{shard}.db"));
    }

    /// <summary>
    /// Splits the history of an account's shard: 1 is deposited here, and 2 in a copy, in whose place it stops.
    /// </summary>
    /// <returns>The ledger folder of the copy.</returns>
    public async Task<string> ForkAsync(Guid account)
    {
        await StopAsync();
        CopyFolder(Data, Data + "-fork");
        await OpenAsync();
        await DepositAsync(account, 1);
        await LevelAsync();
        await StopAsync();
        await OpenAsync(data: Data + "-fork");
        await DepositAsync(account, 2);
        await StopAsync();
        return Path.Combine(Data + "-fork", "ledger");
    }

    /// <summary>Edits the log of the embedded engines while nobody uses it.</summary>
    public void SqlOfLog(string sql)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(Data, "log", "log.db"));
        database.Execute(sql);
    }

    public static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var path = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path, overwrite: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Node is not null) await Node.DisposeAsync();
        if (Cluster is not null) await Cluster.DisposeAsync();
        foreach (var path in Directory.EnumerateDirectories(Path.GetTempPath(), Path.GetFileName(Data) + "*"))
            Directory.Delete(path, recursive: true);
    }
}
