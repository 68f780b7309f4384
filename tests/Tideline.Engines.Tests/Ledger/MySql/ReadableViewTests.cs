using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>What the program wrote, as people read it in the views.</summary>
public sealed class ReadableViewTests : IAsyncLifetime
{
    private const int Shard = 0;
    private static readonly Currency Dinar = Currency.Parse("KWD");
    private readonly MySqlDatabases _databases = new();

    public async ValueTask InitializeAsync()
    {
        await using var store = await _databases.OpenAsync();
        await using var writer = store.OpenWriter(Shard);
        await writer.AcquireAsync(TestContext.Current.CancellationToken);
        await writer.BeginAsync(Keys());
        (await writer.CommitAsync(Everything())).ShouldBeTrue();
    }

    public ValueTask DisposeAsync() => _databases.DisposeAsync();

    [Fact]
    public async Task Amounts_are_in_major_units_and_codes_have_names()
    {
        (await RowAsync("SELECT customer_id, iban, kind, status, currency, balance, available, overdraft_limit, "
            + "pending_out, created_at FROM readable_accounts WHERE kind = 'customer'")).ShouldBe(
            [$"{Id(9)}", "DE02", "customer", "frozen", "KWD", "12.3450", "13.2450", "1.0000", "0.1000",
                "2023-11-14 22:13:20.000000"]);
        (await RowAsync("SELECT customer_id, kind, currency, balance FROM readable_accounts WHERE kind <> 'customer'"))
            .ShouldBe(["", "settlement", "KWD", "-9223372036854775.8080"]);
        (await RowAsync("SELECT status, amount, captured, remaining, currency, expires_at, reference "
            + "FROM readable_holds")).ShouldBe(
            ["open", "0.5000", "0.1000", "0.4000", "KWD", "2023-11-14 22:13:20.000007", "hotel"]);
        (await RowAsync("SELECT kind, refusal_reason, detail, balance_after, event_seq, subject_id "
            + "FROM readable_outcomes")).ShouldBe(
            ["refused", "insufficient-funds", "Not enough: ½ is missing.", "-7", "12", $"{Id(903)}"]);
    }

    [Fact]
    public async Task A_transaction_shows_its_entries_without_persons()
    {
        (await RowAsync("SELECT transaction_id, kind, amount, currency, committed_at, value_date, reference, code, "
            + "external_reference, entries_on_this_shard, saga_id FROM readable_transactions")).ShouldBe(
            [$"{Id(21)}", "transfer", "2.0000", "KWD", "2023-11-14 22:13:20.000000", "2026-11-02", "Rent", "SALA",
                "end-to-end", "2", $"{Id(22)}"]);
        (await RowAsync($"SELECT leg_no, account_id, entry_version, amount, currency, balance_after "
            + "FROM readable_transaction_entries WHERE leg_no = 2")).ShouldBe(
            ["2", $"{Id(2)}", "300", "2.0000", "KWD", "5.0000"]);
        (await RowAsync("SELECT account_id, transaction_id, amount, committed_at FROM readable_entries "
            + $"WHERE account_key = UUID_TO_BIN('{Id(1)}')")).ShouldBe(
            [$"{Id(1)}", $"{Id(21)}", "-2.0000", "2023-11-14 22:13:20.000000"]);
        var columns = await RowAsync("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
            + "AND table_name = 'readable_transactions' AND column_name = 'personal_data'");
        columns.ShouldBe(["0"]);
    }

    [Fact]
    public async Task What_leaves_the_ledger_and_what_services_keep_is_readable()
    {
        (await RowAsync("SELECT aggregate_id, kind, state, at_rest, due_at, data FROM readable_aggregates "
            + "WHERE state = 'parked'")).ShouldBe(
            [$"{Id(22)}", "saga:transfer:1", "parked", "0", "2023-11-14 22:13:20.000009", """{"step":1}"""]);
        // What is no text is left out.
        (await RowAsync("SELECT kind, data FROM readable_aggregates WHERE state = 'open'")).ShouldBe(["loan:2", ""]);
        (await RowAsync("SELECT event_seq, event_type, subject_id, committed_at FROM readable_events")).ShouldBe(
            ["1", "ACCOUNT_DEBITED", $"{Id(1)}", "2023-11-14 22:13:20.000001"]);
        (await RowAsync("SELECT message_seq, target_shard, saga_id, message_type, data FROM readable_messages"))
            .ShouldBe(["1", "1", $"{Id(22)}", "SAGA_STEP_REQUESTED", """{"saga":2}"""]);
        (await RowAsync("SELECT block_number, from_seq, through_seq, previous_hash, block_hash, sealed_at "
            + "FROM readable_audit_log")).ShouldBe(
            ["1", "1", "1", new string('0', 64), string.Concat(Enumerable.Repeat("ab", 32)),
                "2023-11-14 22:13:20.000000"]);
        (await RowAsync("SELECT space, name, subject_kind, subject_id, claim_id FROM readable_claims"))
            .ShouldBe(["iban", "DE02", "account", $"{Id(1)}", $"{Id(31)}"]);
        (await RowAsync("SELECT customer_id, name, email, country FROM readable_customers"))
            .ShouldBe([$"{Id(9)}", "Adà", "ada@example.org", "KW"]);
        (await RowAsync("SELECT shard, shards, commits, message_seq FROM readable_shard"))
            .ShouldBe(["0", "2", "1", "1"]);
    }

    private static BatchWrites Everything()
    {
        var writes = new BatchWrites { TimeUs = TimeUs };
        var profile = """{"name":"Adà","email":"ada@example.org","country":"KW"}"""u8.ToArray();
        writes.NewCustomers.Add(new CustomerRow(new PersonalPart(Id(9), profile), 1, TimeUs));
        writes.NewAccounts.Add(Account(1, Id(9), AccountKind.Customer, 12_345));
        writes.NewAccounts.Add(Account(2, Guid.Empty, AccountKind.Settlement, long.MinValue));
        writes.Transactions.Add(new TransactionRow(
            Id(21), TransactionKind.Transfer, new Money(2_000, Dinar), "Rent", Id(22), TimeUs,
            [new EntryKey(Id(1), 1), new EntryKey(Id(2), 300)],
            new TransactionDetails
            {
                ValueDate = new DateOnly(2026, 11, 2),
                Code = "SALA",
                ExternalReference = "end-to-end",
            }));
        writes.Entries.Add(new EntryRow(Id(1), 1, Id(21), -2_000, 12_345, TimeUs));
        writes.Entries.Add(new EntryRow(Id(2), 300, Id(21), 2_000, 5_000, TimeUs));
        writes.Holds.Add(Hold(Id(41), Id(1), HoldStatus.Open, TimeUs + 7));
        writes.Outcomes.Add(Outcome(Id(51)));
        writes.Claims.Add(Key("DE02"), Claim("DE02", Id(31), Id(1)));
        writes.NewAggregates.Add(
            new AggregateRow(Id(22), "saga:transfer:1", 1, "parked", false, TimeUs + 9, """{"step":1}"""u8.ToArray()));
        writes.NewAggregates.Add(Aggregate(Id(23), "open"));
        writes.Events.Add(Event(Shard, 1, EventType.AccountDebited, Id(1), 1, new()));
        writes.Messages.Add(new MessageRow(1, 1, Id(22), "SAGA_STEP_REQUESTED", """{"saga":2}"""u8.ToArray(), TimeUs));
        writes.Blocks.Add(new AuditBlockRow(
            1, 1, 1, new byte[32], [.. Enumerable.Repeat((byte)0xAB, 32)], TimeUs));
        return writes;
    }

    private static AccountRow Account(int number, Guid customer, AccountKind kind, long postedMinor) => new()
    {
        Id = Id(number),
        CustomerId = customer,
        Kind = kind,
        Currency = Dinar,
        Status = AccountStatus.Frozen,
        OverdraftLimitMinor = kind == AccountKind.Customer ? 1_000 : 0,
        PostedMinor = postedMinor,
        PendingOutMinor = kind == AccountKind.Customer ? 100 : 0,
        Iban = kind == AccountKind.Customer ? "DE02" : null,
        Version = 1,
        CreatedUs = TimeUs,
    };

    // As texts; NULL is empty.
    private async Task<List<string>> RowAsync(string sql)
    {
        await using var connection = await _databases.ConnectAsync(Shard);
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        (await reader.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeTrue(sql);
        var values = new List<string>();
        for (var column = 0; column < reader.FieldCount; column++) values.Add(reader.GetValue(column) switch
        {
            DBNull => "",
            DateTime time => time.ToString(
                reader.GetDataTypeName(column) == "DATE" ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss.ffffff",
                CultureInfo.InvariantCulture),
            bool flag => flag ? "1" : "0",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        });
        (await reader.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeFalse(sql);
        return values;
    }
}
