using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments;

namespace Tideline.Tests.Ledger;

/// <summary>A key that is taken on one shard for an effect on another: both flushed side by side, answered when both are durable.</summary>
public sealed class ReservationTests
{
    [Fact]
    public async Task Nothing_is_answered_while_the_key_is_not_durable()
    {
        FaultyStore faults = null!;
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var bank = await Bank.OpenAsync(folder: folder, wrap: store => faults = new FaultyStore(store));
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var request = bank.Transfer(from, to, 100, KeyOn(bank, 1));
        faults.BrokenShard = 1;
        var fault = await Should.ThrowAsync<TidelineException>(() => bank.Payments.TransferAsync(request, default));
        fault.Code.ShouldBe(ErrorCode.StorageUnavailable);
        await bank.CloseAsync();

        await using var again = await Bank.OpenAsync(folder: folder);
        (await again.Payments.TransferAsync(request, default)).Status.ShouldBe(TransferStatus.Settled);
        (await again.ReadAsync(request.From)).PostedMinor.ShouldBe(900);
    }

    [Fact]
    public async Task A_key_that_the_machine_lost_is_taken_again_at_the_start()
    {
        FaultyStore faults = null!;
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var bank = await Bank.OpenAsync(folder: folder, wrap: store => faults = new FaultyStore(store));
        var (from, to, other) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0), await bank.AccountAsync(1, 1_000));
        var key = KeyOn(bank, 1);
        faults.LosesReservations = true;
        await bank.Payments.TransferAsync(bank.Transfer(from, to, 100, key), default);
        await bank.CloseAsync();

        await using var again = await Bank.OpenAsync(folder: folder);
        var reused = await again.Payments.TransferAsync(again.Transfer(other, await again.AccountAsync(1), 100, key), default);
        reused.Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
        (await again.ReadAsync(other)).PostedMinor.ShouldBe(1_000);
        (await again.Payments.TransferAsync(again.Transfer(from, to, 100, key), default)).BalanceMinor.ShouldBe(900);
        (await again.ReadAsync(from)).PostedMinor.ShouldBe(900);
    }

    [Fact]
    public async Task A_start_takes_no_key_that_is_not_missing()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        // A step of a saga keeps its outcome under a key of its own, which never leaves its shard.
        for (var number = 0; number < 8; number++)
        {
            var transfer = bank.Payments.TransferAsync(bank.Transfer(from, to, 10), default);
            while (!transfer.IsCompleted) await bank.Pump.RunAsync();
            (await transfer).Status.ShouldBe(TransferStatus.Settled);
        }

        for (var home = 0; home < bank.Ledger.Map.Shards; home++) (await bank.Ledger.RepairReservationsAsync(home, 1_000, default)).ShouldBe(0);
    }

    private static string KeyOn(Bank bank, int shard) =>
        Enumerable.Range(0, 1_000).Select(number => $"key-{number}").First(key => bank.Ledger.Map.ShardOf(Idempotency.Key("", key)) == shard);
}
