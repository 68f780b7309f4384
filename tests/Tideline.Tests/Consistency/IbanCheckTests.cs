using Tideline.Engines.Sqlite;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

/// <summary>I15: what an IBAN that belongs to two accounts, or to none, looks like.</summary>
public sealed class IbanCheckTests : IAsyncLifetime
{
    private const string First = "DE02120300000000202051";
    private const string Second = "DE02500105170137075030";
    private readonly string _folder = Bank.NewFolder();
    private Bank _bank = null!;
    private Guid _first;
    private Guid _second;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(2, folder: _folder);
        (_first, _second) = (await OpenAsync(First), await OpenAsync(Second));
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task Two_accounts_with_one_iban_are_found()
    {
        Plant($"UPDATE accounts SET iban = '{First}' WHERE iban = '{Second}'");
        var findings = await FindingsAsync();
        findings.ShouldContain($"Account {_second} carries the IBAN …{First[^4..]}, which is claimed for {_first}.");
        findings.ShouldContain($"The IBAN …{Second[^4..]} is claimed for {_second}, which does not carry it.");
    }

    [Fact]
    public async Task An_iban_that_is_not_claimed_is_found()
    {
        Plant($"DELETE FROM claims WHERE name = '{First}'");
        (await FindingsAsync()).ShouldBe(
            [$"Account {_first} carries the IBAN …{First[^4..]}, which is not claimed for it."]);
    }

    [Fact]
    public async Task An_account_that_lost_its_iban_is_found()
    {
        Plant($"UPDATE accounts SET iban = NULL WHERE iban = '{First}'");
        (await FindingsAsync()).ShouldBe(
            [$"The IBAN …{First[^4..]} is claimed for {_first}, which does not carry it."]);
    }

    [Fact]
    public async Task What_is_under_way_or_was_cut_off_is_sound()
    {
        var ids = _bank.Ledger.Ids;
        await new NameClaims(_bank.Ledger).ClaimAsync(
            IbanClaims.Claim("X", ids.Next(), ids.Next()), IbanClaims.Taken("X"), IbanClaims.Abandoned, Cancel);
        (await FindingsAsync()).ShouldBeEmpty();
    }

    private async Task<Guid> OpenAsync(string iban)
    {
        var open = new OpenAccount(_bank.Ledger.Ids.Next(), await _bank.CustomerAsync(), Bank.Eur, 0, iban);
        var reply = await _bank.Ledger.ExecuteAsync(open, Cancel);
        reply.Refusal.ShouldBeNull();
        return reply.Subject;
    }

    // On whichever shard it is.
    private void Plant(string fault)
    {
        var changes = 0;
        for (var shard = 0; shard < 2; shard++)
        {
            using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "ledger", $"shard-{shard}.db"));
            database.Execute(fault);
            changes += database.Changes;
        }

        changes.ShouldBe(1);
    }

    private async Task<IReadOnlyList<string>> FindingsAsync()
    {
        var findings = new List<string>();
        for (var shard = 0; shard < 2; shard++)
            findings.AddRange((await new IbanCheck(_bank.Ledger, shard).RunAsync(Cancel)).Findings);
        return findings;
    }
}
