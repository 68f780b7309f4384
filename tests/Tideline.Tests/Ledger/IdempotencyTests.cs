using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Tests.Ledger;

public sealed class IdempotencyTests
{
    [Fact]
    public async Task The_same_key_answers_the_same_for_ever()
    {
        await using var bank = await Bank.OpenAsync(4);
        for (var round = 0; round < 16; round++)
        {
            var shard = round % 4;
            var (from, to) = (await bank.AccountAsync(shard, 1_000), await bank.AccountAsync(shard));
            var request = bank.Transfer(from, to, 100);
            var first = await bank.Payments.TransferAsync(request, default);
            var again = await bank.Payments.TransferAsync(request, default);
            first.Status.ShouldBe(TransferStatus.Settled);
            again.ShouldBeEquivalentTo(first);
            (await bank.ReadAsync(from)).PostedMinor.ShouldBe(900);
        }

        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_refusal_is_kept_even_when_money_comes_later()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0), await bank.AccountAsync(0));
        var request = bank.Transfer(from, to, 100);
        var first = await bank.Payments.TransferAsync(request, default);
        first.Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
        await bank.DepositAsync(from, 500);
        (await bank.Payments.TransferAsync(request, default)).Refusal.ShouldBe(first.Refusal);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(500);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused_on_every_shard()
    {
        await using var bank = await Bank.OpenAsync(4);
        var accounts = new List<Guid>();
        for (var shard = 0; shard < 4; shard++) accounts.Add(await bank.AccountAsync(shard, 1_000));
        for (var key = 0; key < 12; key++)
        {
            (await bank.Payments.TransferAsync(bank.Transfer(accounts[0], await bank.AccountAsync(0), 10, $"key-{key}"),
                default)).Refusal.ShouldBeNull();
            var other = accounts[1 + key % 3];
            var reused = await bank.Payments.TransferAsync(bank.Transfer(
                other, await bank.AccountAsync(bank.Ledger.Map.ShardOf(other)), 10, $"key-{key}"), default);
            reused.Refusal!.Reason.ShouldBe(RefusalReason.IdempotencyKeyReused);
        }

        foreach (var other in accounts.Skip(1)) (await bank.ReadAsync(other)).PostedMinor.ShouldBe(1_000);
    }

    [Fact]
    public async Task One_key_under_concurrency_moves_money_once()
    {
        await using var bank = await Bank.OpenAsync(4);
        for (var round = 0; round < 8; round++)
        {
            var (from, to) = (await bank.AccountAsync(round % 4, 1_000), await bank.AccountAsync(round % 4));
            var request = bank.Transfer(from, to, 100);
            var replies = await Task.WhenAll(
                Enumerable.Range(0, 32).Select(_ => Task.Run(() => bank.Payments.TransferAsync(request, default))));
            replies.Select(reply => reply.TransferId).Distinct().Count().ShouldBe(1);
            replies.ShouldAllBe(reply => reply.BalanceMinor == 900);
            (await bank.ReadAsync(from)).PostedMinor.ShouldBe(900);
        }
    }
}
