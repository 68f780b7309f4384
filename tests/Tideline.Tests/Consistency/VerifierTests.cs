using Tideline.Consistency;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

public sealed class VerifierTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;
    private SqliteLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 1, folder: _folder);
        _log = SqliteLog.Open(_folder, TimeProvider.System);
        var (from, to) = (await _bank.AccountAsync(0, balanceMinor: 10_000), await _bank.AccountAsync(0));
        await _bank.Payments.TransferAsync(_bank.Transfer(from, to, 250), Cancel);
        var events = await _bank.Ledger.Reader(0).GetEventsAsync(0, 100, Cancel);
        await _log.AppendAsync([.. events.Select(happened => new LogRecord(
            Topics.AccountEvents, 0, 0, "shard-0", happened.Position.Seq, happened.Subject, happened.Type.Name(), happened.Subject, happened.Version, happened.TimeUs, happened.Data))], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _bank.DisposeAsync();
    }

    [Fact]
    public async Task A_sound_installation_passes_every_check()
    {
        // The ledger may be ahead of the log at any moment.
        await _bank.AccountAsync(0, balanceMinor: 1);
        var report = await VerifyAsync();
        report.Checks.Where(check => !check.Ok).ShouldBeEmpty();
        (report.Ok, report.Checks.Count).ShouldBe((true, 4));
    }

    [Theory]
    [InlineData("UPDATE accounts SET posted = posted + 1 WHERE posted = 250", "I1", "the EUR balances add up to 1 minor units")]
    [InlineData("UPDATE accounts SET posted = posted + 1 WHERE posted = 250", "I2", "posted is 251, but its entries add up to 250")]
    [InlineData("UPDATE events SET version = version + 1 WHERE seq = 3", "I7", "Event 0:3 is not the same on the log")]
    [InlineData("DELETE FROM events WHERE seq = 7", "I7", "Event 0:7 is on the log, but not in the ledger")]
    [InlineData("UPDATE transactions SET amount = 251 WHERE amount = 250", "I9", "says another currency, amount")]
    public async Task A_change_behind_the_programs_back_breaks_its_check(string tampering, string invariant, string finding)
    {
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "ledger", "shard-0.db"))) database.Execute(tampering);
        var report = await VerifyAsync();
        report.Ok.ShouldBeFalse();
        var check = report.Checks.Single(one => one.Name.StartsWith(invariant, StringComparison.Ordinal));
        check.Ok.ShouldBeFalse();
        check.Detail.ShouldContain(finding);
    }

    private Task<VerifyReport> VerifyAsync() => new Verifier(_bank.Ledger, _log).VerifyAsync(Cancel);
}
