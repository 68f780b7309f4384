using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Writes the rows of a batch, inside its transaction. The statements are kept in fields: this is the hot path.
/// </summary>
internal sealed class BatchWriter(SqliteDatabase database, EntryTails tails, OutcomeIndex index)
{
    private readonly SqliteStatement _newAccount = Insert(
        database, "accounts", $"{LedgerColumns.Accounts}, entry_rows");
    private readonly SqliteStatement _changedAccount = database.Prepare(
        "UPDATE accounts SET status = ?, overdraft_limit = ?, balance = ?, pending_in = ?, pending_out = ?, " +
        "entry_version = ?, version = ?, returnable = ?, entry_rows = coalesce(?, entry_rows) WHERE account_id = ?");
    private readonly SqliteStatement _customer = Insert(database, "customers", LedgerColumns.Customers);
    private readonly SqliteStatement _transaction = Insert(database, "transactions", LedgerColumns.Transactions);
    private readonly SqliteStatement _hold = database.Prepare(
        $"INSERT INTO holds ({LedgerColumns.Holds}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        + "ON CONFLICT (hold_id) DO UPDATE SET amount = excluded.amount, captured = excluded.captured, "
        + "status = excluded.status, expires_us = excluded.expires_us, reference = excluded.reference");
    private readonly SqliteStatement _outcome = Insert(database, "outcomes", $"row, {LedgerColumns.Outcomes}");
    private readonly SqliteStatement _claim = database.Prepare(
        $"INSERT INTO claims ({LedgerColumns.Claims}) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT (space, name) DO UPDATE SET claim_id = excluded.claim_id, subject_kind = excluded.subject_kind, " +
        "subject_id = excluded.subject_id");
    private readonly SqliteStatement _release = database.Prepare(
        "DELETE FROM claims WHERE space = ? AND name = ?");
    private readonly SqliteStatement _newAggregate = Insert(database, "aggregates", LedgerColumns.Aggregates);
    private readonly SqliteStatement _changedAggregate = database.Prepare(
        "UPDATE aggregates SET kind = ?, version = ?, state = ?, at_rest = ?, wake_us = ?, data = ? WHERE "
        + "aggregate_id = ?");
    private readonly SqliteStatement _event = Insert(database, "events", LedgerColumns.Events);
    private readonly SqliteStatement _message = Insert(database, "messages", LedgerColumns.Messages);
    private readonly SqliteStatement _forget = database.Prepare("DELETE FROM messages WHERE message_seq <= ?");
    private readonly SqliteStatement _block = Insert(database, "audit_log", LedgerColumns.Blocks);

    // Scratch that is kept from batch to batch.
    private readonly List<AccountRow> _accountsById = [];
    private byte[] _legs = new byte[8 * LedgerRows.LegBytes];

    public void Write(BatchWrites writes)
    {
        foreach (var row in writes.NewCustomers)
            _customer.Bind(row.Id).Bind(row.Profile.Data).Bind(row.Version).Bind(row.CreatedUs).Run();
        tails.Append(writes.Entries);
        WriteAccounts(writes);
        tails.WriteRest();
        foreach (var row in writes.Transactions) Write(row);
        WriteOutcomes(writes.Outcomes);
        foreach (var row in writes.Holds) Write(row);
        foreach (var (key, row) in writes.Claims) Write(key, row);
        foreach (var row in writes.NewAggregates) Values(_newAggregate.Bind(row.Id), row).Run();
        foreach (var row in writes.ChangedAggregates) Values(_changedAggregate, row).Bind(row.Id).Run();
        foreach (var row in writes.Events) _event.Bind(row.Position.Seq)
            .Bind((int)row.Type).Bind(row.Subject).Bind(row.Version).Bind(row.TimeUs).Bind(row.Data.Span).Run();
        foreach (var row in writes.Messages) _message.Bind(row.Seq)
            .Bind(row.TargetShard).Bind(row.SagaId).Bind(row.Type).Bind(row.Data).Bind(row.TimeUs).Run();
        foreach (var row in writes.Blocks) _block.Bind(row.Number)
            .Bind(row.FromSeq).Bind(row.ThroughSeq).Bind(row.PreviousHash).Bind(row.Hash).Bind(row.TimeUs).Run();
        if (writes.ForgetMessagesThrough > 0) _forget.Bind(writes.ForgetMessagesThrough).Run();
    }

    // In key order neighbours share a leaf, and the descent to it stays in the processor's cache.
    private void WriteAccounts(BatchWrites writes)
    {
        foreach (var row in writes.NewAccounts) WriteNew(row);
        _accountsById.Clear();
        _accountsById.AddRange(writes.ChangedAccounts);
        _accountsById.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        foreach (var row in _accountsById)
        {
            _changedAccount.Bind((int)row.Status)
                .Bind(row.OverdraftLimitMinor).Bind(row.PostedMinor).Bind(row.PendingInMinor).Bind(row.PendingOutMinor)
                .Bind(row.EntryVersion).Bind(row.Version).Bind(row.ReturnableMinor);
            tails.BindTail(_changedAccount, row.Id).Bind(row.Id).Run();
        }

        _accountsById.Clear();
    }

    private void WriteOutcomes(List<OutcomeRow> outcomes)
    {
        foreach (var row in outcomes)
        {
            _outcome.Bind(index.Add(row.Key)).Bind(row.Key).Bind(row.Fingerprint).Bind((int)row.Kind).Bind(row.Subject)
                .Bind(row.BalanceMinor).Bind(row.Seq).Bind((int)row.Reason).Bind(row.Detail).Bind(row.TimeUs).Run();
        }

        index.WriteShare(outcomes.Count);
    }

    private void WriteNew(AccountRow row)
    {
        _newAccount.Bind(row.Id).Bind(row.CustomerId == Guid.Empty ? (Guid?)null : row.CustomerId)
            .Bind((int)row.Kind).Bind(row.Currency.Code).Bind((int)row.Status)
            .Bind(row.OverdraftLimitMinor).Bind(row.PostedMinor)
                .Bind(row.PendingInMinor).Bind(row.PendingOutMinor).Bind(row.EntryVersion).Bind(row.Version)
            .Bind(row.Iban).Bind(row.CreatedUs).Bind(row.ReturnableMinor);
        tails.BindTail(_newAccount, row.Id).Run();
    }

    private void Write(TransactionRow row)
    {
        var length = row.Legs.Count * LedgerRows.LegBytes;
        if (_legs.Length < length) _legs = new byte[length];
        LedgerRows.PackLegs(row.Legs, _legs);
        _transaction.Bind(row.Id).Bind((int)row.Kind)
            .Bind(row.Amount?.Currency.Code).Bind(row.Amount?.Minor).Bind(row.Reference).Bind(row.SagaId)
            .Bind(row.TimeUs).Bind(_legs.AsSpan(0, length))
            .Bind(row.Details?.ValueDate?.ToString("O", CultureInfo.InvariantCulture)).Bind(row.Details?.Code)
            .Bind(row.Details?.ExternalReference).Bind(row.Details?.MetadataJson).Bind(row.Details?.PersonalJson)
            .Bind(row.CounterpartyId).Run();
    }

    private void Write(HoldRow row) =>
        _hold.Bind(row.Id).Bind(row.AccountId)
            .Bind(row.AmountMinor).Bind(row.CapturedMinor).Bind((int)row.Status).Bind(row.ExpiresUs).Bind(row.Reference)
            .Bind(row.CreatedUs).Run();

    private void Write(ClaimKey key, ClaimRow? row)
    {
        if (row is null) _release.Bind(key.Space).Bind(key.Name).Run();
        else _claim.Bind(key.Space).Bind(key.Name).Bind(row.ClaimId).Bind(row.Kind).Bind(row.Subject).Run();
    }

    private static SqliteStatement Values(SqliteStatement statement, AggregateRow row) =>
        statement.Bind(row.Kind).Bind(row.Version).Bind(row.State).Bind(row.AtRest ? 1 : 0).Bind(row.WakeUs)
            .Bind(row.Data);

    private static SqliteStatement Insert(SqliteDatabase database, string table, string columns)
    {
        var places = string.Join(", ", Enumerable.Repeat("?", columns.AsSpan().Count(',') + 1));
        return database.Prepare($"INSERT INTO {table} ({columns}) VALUES ({places})");
    }
}
