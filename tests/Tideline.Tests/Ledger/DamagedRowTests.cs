using Tideline.Kernel;

namespace Tideline.Tests.Ledger;

/// <summary>A row that cannot be read fails what asks for it, and nothing else.</summary>
public sealed class DamagedRowTests
{
    [Fact]
    public async Task An_account_whose_row_is_damaged_fails_alone()
    {
        await using var bank = await Bank.OpenAsync(1);
        var (damaged, sound) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0, 1_000));
        bank.Tamper(0, $"UPDATE accounts SET customer_id = X'01' WHERE account_id = X'{damaged:N}'").ShouldBe(1);
        for (var round = 0; round < 2; round++)
        {
            // In one batch, as far as the writer takes them together.
            var deposits = new[] { sound, damaged, sound }.Select(account => bank.DepositAsync(account, 1)).ToList();
            (await Should.ThrowAsync<TidelineException>(() => deposits[1])).Message
                .ShouldBe("A row has an id of 1 bytes, not 16.");
            foreach (var deposit in (int[])[0, 2]) (await deposits[deposit]).Refusal.ShouldBeNull();
        }

        bank.Ledger.WhyStopped(0).ShouldBeNull();
        (await bank.ReadAsync(sound)).PostedMinor.ShouldBe(1_004);
    }
}
