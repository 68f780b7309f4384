using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Audit;
using Tideline.Engines.Log.Sqlite;
using Tideline.Kernel;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;
using Tideline.Tools.Load;

namespace Tideline.Tests.Audit;

public sealed class ReceiptTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("receipts");
    private Bank _bank = null!;
    private SqliteLog _log = null!;
    private AuditSealer _sealer = null!;
    private AuditHeads _heads = null!;
    private ReceiptIssuer _issuer = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 2, null, _folder.Path);
        _log = SqliteLog.Open(_folder.Path, TimeProvider.System);
        _sealer = new AuditSealer(_bank.Ledger, TimeProvider.System, NullLogger.Instance);
        _heads = new AuditHeads(_bank.Ledger, _log, TimeProvider.System, NullLogger<AuditHeads>.Instance);
        _issuer = new ReceiptIssuer(_bank.Ledger, _log, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _heads.DisposeAsync();
        await _sealer.DisposeAsync();
        await _log.DisposeAsync();
        await _bank.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_receipt_is_checked_with_nothing_but_the_public_key()
    {
        var (deposit, account) = await BookAsync();
        await PublishAsync();
        var answer = await _issuer.IssueAsync(deposit, null, Cancel);
        var entry = answer.Receipt.ShouldNotBeNull().Receipt.Entries.ShouldHaveSingleItem();
        (entry.AccountId, entry.Amount, entry.Currency, entry.EntryVersion).ShouldBe((account, "0.05", "EUR", 7));
        var pem = (await _issuer.PublicKeyAsync(Cancel)).Pem;
        ReceiptVerifier.Verify(answer.Receipt.ToJson(), pem).Fault.ShouldBeNull();
        // White space and order do not matter.
        var other = JsonNode.Parse(answer.Receipt.ToJson())!.AsObject();
        var signature = other["signature"]!.DeepClone();
        other.Remove("signature");
        var turned = new JsonObject { ["signature"] = signature, ["receipt"] = other["receipt"]!.DeepClone() };
        ReceiptVerifier.Verify(Encoding.UTF8.GetBytes(turned.ToJsonString()), pem).Fault.ShouldBeNull();
        // Its head is the one that everybody can read.
        var block = (await _bank.Ledger.Reader(entry.Event.Shard).GetBlocksAsync(entry.Proof.Block - 1, 1, Cancel))
            .ShouldHaveSingleItem();
        entry.Proof.Head.ShouldBe(Convert.ToHexStringLower(block.Hash));
    }

    [Fact]
    public async Task One_flipped_bit_is_refused_wherever_it_is()
    {
        var (deposit, _) = await BookAsync();
        await PublishAsync();
        var json = (await _issuer.IssueAsync(deposit, null, Cancel)).Receipt.ShouldNotBeNull().ToJson();
        var pem = (await _issuer.PublicKeyAsync(Cancel)).Pem;
        for (var at = 0; at < json.Length * 8; at++)
        {
            json[at / 8] ^= (byte)(1 << (at % 8));
            ReceiptVerifier.Verify(json, pem).Fault.ShouldNotBeNull(Encoding.UTF8.GetString(json));
            json[at / 8] ^= (byte)(1 << (at % 8));
        }

        ReceiptVerifier.Verify(json, pem).Fault.ShouldBeNull();
    }

    [Fact]
    public async Task What_the_key_signs_must_also_hold_together()
    {
        var (deposit, _) = await BookAsync();
        await PublishAsync();
        var receipt = (await _issuer.IssueAsync(deposit, null, Cancel)).Receipt.ShouldNotBeNull().Receipt;
        using var key = ReceiptKey.Make();
        var entry = receipt.Entries[0];
        Sign(receipt).ShouldBeNull();
        Sign(receipt with { Entries = [] }).ShouldBe("It has no entries.");
        foreach (var wrong in (ReceiptEntry[])[
            entry with { Amount = "0.06" }, entry with { Balance = "1.00" }, entry with { Currency = "USD" },
            entry with { EntryVersion = 8 }, entry with { BookedAt = receipt.IssuedAt },
            entry with { Event = entry.Event with { TimeUs = entry.Event.TimeUs + 1 } }])
            Sign(receipt with { Entries = [wrong] }).ShouldNotBeNull().ShouldEndWith("is not what its event says.");
        foreach (var wrong in (ReceiptProof[])[
            entry.Proof with { Head = entry.Proof.PreviousHash }, entry.Proof with { Path = [] },
            entry.Proof with { Block = entry.Proof.Block + 1 }, entry.Proof with { FromSeq = entry.Proof.FromSeq + 1 }])
            Sign(receipt with { Entries = [entry with { Proof = wrong }] }).ShouldNotBeNull()
                .ShouldContain("does not lead to head");

        string? Sign(Receipt said)
        {
            var unsigned = new SignedReceipt(said, new ReceiptSignature("", "", ""));
            using var json = JsonDocument.Parse(unsigned.ToJson());
            var signed = unsigned with
            {
                Signature = key.Sign(CanonicalJson.Of(json.RootElement.GetProperty("receipt"))),
            };
            return ReceiptVerifier.Verify(signed.ToJson(), key.ToPublicPem()).Fault;
        }
    }

    [Fact]
    public async Task Another_installations_key_and_what_is_no_receipt_are_refused()
    {
        var (deposit, _) = await BookAsync();
        await PublishAsync();
        var json = (await _issuer.IssueAsync(deposit, null, Cancel)).Receipt.ShouldNotBeNull().ToJson();
        using var other = ReceiptKey.Make();
        ReceiptVerifier.Verify(json, other.ToPublicPem()).Fault.ShouldNotBeNull()
            .ShouldContain("the public key given is");
        ReceiptVerifier.Verify(json, "no key").Fault.ShouldNotBeNull().ShouldStartWith("The public key cannot be read");
        foreach (var odd in (string[])
            ["", "{}", "[]", "null", """{"receipt":{},"signature":{}}""", """{"receipt":1}"""])
            ReceiptVerifier.Verify(Encoding.UTF8.GetBytes(odd), other.ToPublicPem()).Fault.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_receipt_waits_for_the_published_block_and_shows_only_the_account_that_was_asked_for()
    {
        var (deposit, account) = await BookAsync();
        (await _issuer.IssueAsync(deposit, null, Cancel)).Pending.ShouldNotBeNull();
        for (var shard = 0; shard < 2; shard++) await _sealer.SealAsync(shard, Cancel);
        (await _issuer.IssueAsync(deposit, null, Cancel)).Pending.ShouldNotBeNull();
        await PublishAsync();
        (await _issuer.IssueAsync(deposit, account, Cancel)).Receipt.ShouldNotBeNull();
        (await _issuer.IssueAsync(deposit, _bank.Ledger.Ids.Next(), Cancel)).ShouldBe(new ReceiptAnswer(null, null));
        (await _issuer.IssueAsync(_bank.Ledger.Ids.Next(), null, Cancel)).ShouldBe(new ReceiptAnswer(null, null));
    }

    [Fact]
    public async Task The_key_is_made_once()
    {
        var (first, second) = (await _issuer.PublicKeyAsync(Cancel),
            await new ReceiptIssuer(_bank.Ledger, _log, TimeProvider.System).PublicKeyAsync(Cancel));
        second.ShouldBe(first);
    }

    private async Task<(Guid Deposit, Guid Account)> BookAsync()
    {
        var account = await _bank.AccountAsync();
        var deposit = Guid.Empty;
        for (var at = 0; at < 12; at++)
        {
            var id = _bank.Ledger.NextIdBeside(account);
            (await _bank.Ledger.ExecuteAsync(new Deposit(id, account, new Money(5, Bank.Eur), "Rent \"ü\""), Cancel))
                .Refusal.ShouldBeNull();
            if (at == 6) deposit = id;
        }

        return (deposit, account);
    }

    private async Task PublishAsync()
    {
        for (var shard = 0; shard < 2; shard++)
        {
            await _sealer.SealAsync(shard, Cancel);
            await _heads.PublishAsync(shard, Cancel);
        }
    }
}
