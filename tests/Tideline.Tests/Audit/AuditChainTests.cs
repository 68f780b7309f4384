using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Audit;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Audit;

public sealed class AuditChainTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;
    private AuditSealer _sealer = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 1, folder: _folder);
        _sealer = new AuditSealer(_bank.Ledger, TimeProvider.System, NullLogger.Instance);
        for (var block = 0; block < 3; block++)
        {
            var (from, to) = (await _bank.AccountAsync(0, balanceMinor: 10_000), await _bank.AccountAsync(0));
            await _bank.Payments.TransferAsync(_bank.Transfer(from, to, 250), Cancel);
            await _sealer.SealAsync(0, Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sealer.DisposeAsync();
        await _bank.DisposeAsync();
    }

    [Fact]
    public async Task A_sound_chain_verifies_and_publishes_its_head()
    {
        var report = await VerifyAsync();
        report.Findings.ShouldBeEmpty();
        var head = await _bank.Ledger.Reader(0).GetHeadAsync(Cancel);
        (report.Ok, report.Blocks, report.ThroughSeq, report.Events).ShouldBe((true, 3L, head.EventSeq, head.EventSeq));
        report.Head.ShouldBe(head.BlockHash);
        report.Events.ShouldBe(21);
    }

    [Fact]
    public async Task Sealing_with_nothing_new_adds_no_block() => (await _sealer.SealAsync(0, Cancel)).ShouldBe(3);

    [Fact]
    public async Task Events_after_the_last_block_are_held_against_their_rows()
    {
        var account = await _bank.AccountAsync(0, balanceMinor: 77);
        (await VerifyAsync()).Ok.ShouldBeTrue();
        Tamper("UPDATE entries SET amount = 78 WHERE amount = 77");
        (await VerifyAsync()).Findings.ShouldHaveSingleItem().ShouldContain($"entry 1 of account {account}");
    }

    [Theory]
    [InlineData("UPDATE events SET data = CAST(replace(data, 'EUR', 'EUS') AS BLOB) WHERE event_seq = 10",
        "Block 2 of shard 0 does not have the hash of its events 8 to 14")]
    [InlineData("UPDATE events SET time_us = time_us + 1 WHERE event_seq = 15",
        "Block 3 of shard 0 does not have the hash")]
    [InlineData("UPDATE events SET version = version + 4 WHERE event_seq = 1",
        "Block 1 of shard 0 does not have the hash")]
    [InlineData("UPDATE events SET event_type = 5 WHERE event_seq = 2", "Block 1 of shard 0 does not have the hash")]
    [InlineData(
        "UPDATE events SET subject_id = (SELECT subject_id FROM events WHERE event_seq = 8) WHERE event_seq = 1",
        "Block 1 of shard 0 does not have the hash")]
    [InlineData("DELETE FROM events WHERE event_seq = 9", "Events 9 to 9 of shard 0 are missing")]
    [InlineData("DELETE FROM events WHERE event_seq > 14", "covers events 15 to 21")]
    [InlineData("UPDATE audit_log SET block_hash = zeroblob(32) WHERE block_number = 2",
        "Block 3 of shard 0 does not link to the hash of block 2")]
    [InlineData("UPDATE audit_log SET previous_hash = zeroblob(32) WHERE block_number = 2",
        "Block 2 of shard 0 does not link")]
    [InlineData("UPDATE audit_log SET through_seq = 15 WHERE block_number = 2",
        "Block 2 of shard 0 does not have the hash")]
    [InlineData(
        "UPDATE audit_log SET time_us = time_us + 1 WHERE block_number = 3",
        "Block 3 of shard 0 does not have the time")]
    [InlineData("DELETE FROM audit_log WHERE block_number = 2", "Block 3 of shard 0 is in the place of block 2")]
    public async Task A_change_to_events_or_blocks_is_found(string tampering, string finding)
    {
        Tamper(tampering);
        (await VerifyAsync()).Findings.ShouldContain(found => found.Contains(finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE entries SET amount = amount + 1 WHERE account_id = (SELECT account_id FROM entries WHERE "
        + "amount = -250 LIMIT 1)", "has a different amount")]
    [InlineData(
        "UPDATE entries SET balance_after = balance_after + 1 WHERE amount = 250", "has a different amount, balance")]
    [InlineData("UPDATE entries SET time_us = time_us + 1 WHERE amount = 250", "transaction or time")]
    [InlineData(
        "UPDATE entries SET amount = -10001 WHERE amount = -10000 AND entry_version = 1",
        "add up to -1 instead of zero")]
    [InlineData("UPDATE transactions SET amount = amount + 1 WHERE amount = 250", "differs from its entries")]
    [InlineData("UPDATE transactions SET currency = 'USD' WHERE amount = 250", "has a different currency")]
    [InlineData("UPDATE transactions SET kind = 2 WHERE amount = 250", "kind")]
    [InlineData("UPDATE transactions SET reference = 'Rent' WHERE amount = 250", "reference")]
    [InlineData("UPDATE transactions SET saga_id = zeroblob(16) WHERE amount = 250", "saga")]
    [InlineData("UPDATE transactions SET legs = CAST(legs || legs AS BLOB) WHERE amount = 250", "twice")]
    [InlineData("UPDATE transactions SET legs = substr(legs, 1, 24) WHERE amount = 250", "instead of zero")]
    [InlineData("UPDATE transactions SET legs = substr(legs, 1, 47) WHERE amount = 250", "cannot be read")]
    [InlineData("DELETE FROM transactions WHERE amount = 250", "is missing")]
    [InlineData("DELETE FROM entries WHERE amount = 250", "cannot be read")]
    public async Task A_change_to_transactions_or_entries_is_found(string tampering, string finding)
    {
        Tamper(tampering);
        var findings = (await VerifyAsync()).Findings;
        findings.ShouldNotBeEmpty();
        findings.ShouldContain(found => found.StartsWith("Event 0:", StringComparison.Ordinal)
            && found.Contains(finding, StringComparison.Ordinal));
    }

    private Task<AuditReport> VerifyAsync() => new AuditVerifier(_bank.Ledger.Reader(0)).VerifyAsync(Cancel);

    private void Tamper(string sql)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "ledger", "shard-0.db"));
        database.Execute(sql);
        database.Changes.ShouldBeGreaterThan(0);
    }
}
