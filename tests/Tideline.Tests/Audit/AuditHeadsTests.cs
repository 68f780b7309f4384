using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Audit;
using Tideline.Consistency;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Log;
using Tideline.Tests.Ledger;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Audit;

public sealed class AuditHeadsTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;
    private SqliteLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 1, folder: _folder);
        _log = SqliteLog.Open(_folder, TimeProvider.System);
        for (var block = 0; block < 3; block++) await SealSomethingAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _bank.DisposeAsync();
    }

    [Fact]
    public async Task Every_block_is_published_once_whoever_publishes()
    {
        (await PublishAsync()).ShouldBe(3);
        (await PublishAsync()).ShouldBe(3);
        await SealSomethingAsync();
        (await PublishAsync()).ShouldBe(4);
        var records = await _log.ReadAsync(Topics.AuditHeads, 0, 0, 100, Cancel);
        var blocks = await _bank.Ledger.Reader(0).GetBlocksAsync(0, 100, Cancel);
        records.Select(AuditHeads.Parse).ShouldBe(blocks.Select(
            block => new AuditHead(0, block.Number, block.ThroughSeq, Convert.ToHexStringLower(block.Hash))));
    }

    [Fact]
    public async Task Heads_that_were_published_in_capital_letters_still_count()
    {
        foreach (var block in await _bank.Ledger.Reader(0).GetBlocksAsync(0, 100, Cancel))
        {
            var head = JsonSerializer.SerializeToUtf8Bytes(new AuditHead(
                0, block.Number, block.ThroughSeq, Convert.ToHexString(block.Hash)), AuditHeadJson.Default.AuditHead);
            await _log.AppendAsync([new LogRecord(Topics.AuditHeads, 0, 0,
                "audit-0", block.Number, Guid.Empty, "AUDIT_BLOCK_SEALED", Guid.Empty, 0, block.TimeUs, head)], Cancel);
        }

        var check = await CheckAsync();
        check.Ok.ShouldBeTrue(check.Detail);
        check.Detail.ShouldContain("3 of them published");
        check.Detail.ShouldContain("head "
            + Convert.ToHexStringLower((await _bank.Ledger.Reader(0).GetHeadAsync(Cancel)).BlockHash.AsSpan(0, 8)));
    }

    [Fact]
    public async Task Unpublished_blocks_are_no_finding()
    {
        await PublishAsync();
        await SealSomethingAsync();
        (await CheckAsync()).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task A_block_that_is_sealed_and_published_during_the_check_counts_as_a_block_too()
    {
        await PublishAsync();
        var busy = new BusyLog(_log, async () =>
        {
            await SealSomethingAsync();
            await PublishAsync();
        });
        (await CheckAsync(busy)).Detail.ShouldContain("4 blocks, 4 of them published");
    }

    [Fact]
    public async Task A_chain_that_was_rewritten_whole_is_found()
    {
        await PublishAsync();
        Tamper("ledger/shard-0.db", "UPDATE events SET time_us = time_us + 1 WHERE event_seq = 5");
        Tamper("ledger/shard-0.db", "UPDATE entries SET time_us = time_us + 1");
        // Somebody who owns the ledger seals it anew: the chain fits itself again.
        var forged = await ForgeAsync();
        forged.Count.ShouldBe(3);
        var check = await CheckAsync();
        check.Ok.ShouldBeFalse();
        check.Detail.ShouldContain("Block 2 of shard 0 is not the one that was published: the chain was rewritten");
        check.Detail.ShouldNotContain("does not have the hash");
    }

    [Theory]
    [InlineData(
        "DELETE FROM records WHERE position = 2", "The published head of block 2 of shard 0 is missing on the log")]
    [InlineData("DELETE FROM records WHERE position = 3", "The published heads of shard 0 end at offset 2")]
    [InlineData("UPDATE records SET data = CAST('{}' AS BLOB) WHERE position = 1",
        "The published head of block 1 of shard 0 cannot be read")]
    public async Task A_change_to_the_published_heads_is_found(string tampering, string finding)
    {
        await PublishAsync();
        Tamper("log/log.db", tampering);
        (await CheckAsync()).Detail.ShouldContain(finding);
    }

    [Fact]
    public async Task A_block_that_is_gone_from_the_ledger_is_found()
    {
        await PublishAsync();
        Tamper("ledger/shard-0.db", "DELETE FROM audit_log WHERE block_number = 3");
        (await CheckAsync()).Detail.ShouldContain("Block 3 of shard 0 was published, but is not in the ledger");
    }

    [Fact]
    public async Task A_block_of_a_number_that_exists_changes_nothing_and_harms_nobody()
    {
        var blocks = await _bank.Ledger.Reader(0).GetBlocksAsync(0, 100, Cancel);
        var again = _bank.Ledger.SubmitAsync(0, new SealBlock(blocks[2]));
        var stranger = _bank.Ledger.SubmitAsync(
            0, new SealBlock(blocks[2] with { Number = 4, PreviousHash = new byte[32] }));
        await _bank.AccountAsync(0, balanceMinor: 1);
        (await again).Refusal.ShouldBeNull();
        (await stranger).Refusal.ShouldBeNull();
        (await _bank.Ledger.Reader(0).GetBlocksAsync(0, 100, Cancel)).Select(block => Convert.ToHexString(block.Hash))
            .ShouldBe(blocks.Select(block => Convert.ToHexString(block.Hash)));
    }

    private async Task SealSomethingAsync()
    {
        await _bank.AccountAsync(0, balanceMinor: 100);
        await using var sealer = new AuditSealer(_bank.Ledger, TimeProvider.System, NullLogger.Instance);
        await sealer.SealAsync(0, Cancel);
    }

    private async Task<long> PublishAsync()
    {
        await using var heads = new AuditHeads(
            _bank.Ledger, _log, TimeProvider.System, NullLogger<AuditHeads>.Instance);
        return await heads.PublishAsync(0, Cancel);
    }

    private async Task<VerifyCheck> CheckAsync(ILog? log = null) =>
        (await new Verifier(_bank.Ledger, _bank.Services, log ?? _log, null, null, TimeProvider.System).VerifyAsync(
            deep: false, Cancel)).Checks.Single(check => check.Name.StartsWith("I9", StringComparison.Ordinal));

    private async Task<List<AuditBlockRow>> ForgeAsync()
    {
        var forged = new List<AuditBlockRow>();
        using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "ledger", "shard-0.db"));
        foreach (var block in await _bank.Ledger.Reader(0).GetBlocksAsync(0, 100, Cancel))
        {
            var events = await _bank.Ledger.Reader(0)
                .GetEventsAsync(block.FromSeq - 1, (int)(block.ThroughSeq - block.FromSeq + 1), Cancel);
            var previous = forged.Count == 0 ? new byte[32] : forged[^1].Hash;
            using var hash = new BlockHash();
            foreach (var happened in events) hash.Add(happened);
            forged.Add(block with
            {
                PreviousHash = previous,
                Hash = hash.Seal(previous, block.Number, block.FromSeq, block.ThroughSeq)
            });
            database.Prepare("UPDATE audit_log SET previous_hash = ?, block_hash = ? WHERE block_number = ?")
                .Bind(previous).Bind(forged[^1].Hash).Bind(block.Number).Run();
        }

        return forged;
    }

    private void Tamper(string file, string sql)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, file));
        database.Execute(sql);
        database.Changes.ShouldBeGreaterThan(0);
    }

    // Something happens just before it is asked how many heads were published.
    private sealed class BusyLog(ILog log, Func<Task> happens) : ForgetfulLog(log)
    {
        public override async ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel)
        {
            if (topic == Topics.AuditHeads) await happens();
            return await base.GetHeadAsync(topic, partition, cancel);
        }
    }
}
