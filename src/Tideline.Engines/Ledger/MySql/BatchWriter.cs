using System.Globalization;
using MySqlConnector;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// Writes the rows of a batch in statements of many rows and commits, in one round trip, and begins the transaction too
/// where nothing was read. The head's row comes first. Its change is the fence: it fails where another writer, or a
/// later session of this one, has been there, whatever was known before.
/// </summary>
/// <param name="databaseOf">The database of another shard on the same primary.</param>
internal sealed class BatchWriter(Func<int, string> databaseOf)
{
    private readonly SqlText _sql = new();

    /// <summary>
    /// Sends the batch with its COMMIT. The first statement that fails ends it: then nothing is committed.
    /// </summary>
    /// <param name="connection">The writer's session.</param>
    /// <param name="writes">The batch.</param>
    /// <param name="messageSeq">The last message after it.</param>
    /// <param name="fence">The writer, and the epoch since which this session is its own.</param>
    /// <param name="begins">Whether the transaction begins here, too.</param>
    /// <param name="looks">Whether to look for a process that asks for the shard, and at the server's clock.</param>
    /// <returns>Whether one does, and the time there; null where it was not looked.</returns>
    public (bool IsWanted, long ServerUs)? Commit(
        MySqlConnection connection, BatchWrites writes, long messageSeq, (Guid Writer, long Epoch) fence, bool begins,
        bool looks)
    {
        _sql.Clear();
        if (begins) _sql.Add("START TRANSACTION;");
        // NULL is what that column never takes: an error, and with it the end of the batch.
        _sql.Add("UPDATE shard_head SET commits = IF(writer = ").Value(fence.Writer).Add(" AND epoch = ")
            .Value(fence.Epoch).Add(", commits + 1, NULL), message_seq = ").Value(messageSeq).Add(", ")
            .Add(MySqlRows.ExtendLease).Add(", time_us = GREATEST(time_us, ").Value(writes.TimeUs).Add(");");
        if (looks) _sql.Add("SELECT ").Add(MySqlRows.IsWanted).Add(", ").Add(MySqlRows.NowUs).Add(" FROM shard_head;");
        // Before all that would have to be undone where one of them is there already.
        Rows("outcomes", LedgerColumns.Outcomes, writes.Outcomes, Outcome);
        foreach (var home in writes.KeysElsewhere.GroupBy(static key => key.Home))
            Rows($"{databaseOf(home.Key)}.outcomes",
                LedgerColumns.Outcomes, [.. home.Select(static key => key.Taken)], Outcome);
        Rows("customers", LedgerColumns.Customers, writes.NewCustomers, static (sql, row) =>
            sql.Value(row.Id).Add(",").Value(row.Profile.Data).Add(",")
                .Value(row.Version).Add(",").Value(row.CreatedUs));
        Rows("accounts", LedgerColumns.Accounts, writes.NewAccounts, Account);
        Rows("accounts", LedgerColumns.Accounts, writes.ChangedAccounts, Account,
            "status=n.status,overdraft_limit=n.overdraft_limit,balance=n.balance,pending_in=n.pending_in,"
            + "pending_out=n.pending_out,entry_version=n.entry_version,version=n.version,returnable=n.returnable");
        Rows("transactions", LedgerColumns.Transactions, writes.Transactions, static (sql, row) =>
            sql.Value(row.Id).Add(",").Value((int)row.Kind).Add(",").Value(row.Amount?.Currency.Code)
                .Add(",").Value(row.Amount?.Minor).Add(",").Value(row.Reference).Add(",").Value(row.SagaId).Add(",")
                .Value(row.TimeUs).Add(",").Value(MySqlRows.PackLegs(row.Legs)).Add(",")
                .Value(row.Details?.ValueDate?.ToString("O", CultureInfo.InvariantCulture)).Add(",")
                .Value(row.Details?.Code).Add(",").Value(row.Details?.ExternalReference).Add(",")
                .Value(row.Details?.MetadataJson).Add(",").Value(row.Details?.PersonalJson).Add(",")
                .Value(row.CounterpartyId));
        Rows("entries", LedgerColumns.Entries, writes.Entries, static (sql, row) =>
            sql.Value(row.AccountId).Add(",").Value(row.Version).Add(",").Value(row.TransactionId)
                .Add(",").Value(row.AmountMinor).Add(",").Value(row.PostedAfterMinor).Add(",").Value(row.TimeUs));
        Rows("holds", LedgerColumns.Holds, writes.Holds, static (sql, row) =>
            sql.Value(row.Id).Add(",").Value(row.AccountId).Add(",").Value(row.AmountMinor).Add(",")
                .Value(row.CapturedMinor).Add(",").Value((int)row.Status).Add(",").Value(row.ExpiresUs).Add(",")
                .Value(row.Reference).Add(",").Value(row.CreatedUs),
            "amount=n.amount,captured=n.captured,status=n.status,expires_us=n.expires_us,reference=n.reference");
        Claims(writes.Claims);
        Rows("aggregates", LedgerColumns.Aggregates, writes.NewAggregates, Aggregate);
        Rows("aggregates", LedgerColumns.Aggregates, writes.ChangedAggregates, Aggregate,
            "kind=n.kind,version=n.version,state=n.state,at_rest=n.at_rest,wake_us=n.wake_us,data=n.data");
        Rows("events", LedgerColumns.Events, writes.Events, static (sql, row) =>
            sql.Value(row.Position.Seq).Add(",").Value((int)row.Type).Add(",").Value(row.Subject)
                .Add(",").Value(row.Version).Add(",").Value(row.TimeUs).Add(",").Value(row.Data.Span));
        Rows("messages", LedgerColumns.Messages, writes.Messages, static (sql, row) =>
            sql.Value(row.Seq).Add(",").Value(row.TargetShard).Add(",")
                .Value(row.SagaId).Add(",").Value(row.Type).Add(",").Value(row.Data).Add(",").Value(row.TimeUs));
        Rows("audit_log", LedgerColumns.Blocks, writes.Blocks, static (sql, row) =>
            sql.Value(row.Number).Add(",").Value(row.FromSeq).Add(",").Value(row.ThroughSeq)
                .Add(",").Value(row.PreviousHash).Add(",").Value(row.Hash).Add(",").Value(row.TimeUs));
        if (writes.ForgetMessagesThrough > 0)
            _sql.Add("DELETE FROM messages WHERE message_seq <= ").Value(writes.ForgetMessagesThrough).Add(";");
        _sql.Add("COMMIT");
        using var command = new MySqlCommand(
            _sql.ToString(), connection)
        { CommandTimeout = MySqlLimits.SilenceSeconds };
        using var reader = command.ExecuteReader();
        (bool, long)? seen = looks && reader.Read() ? (reader.GetBoolean(0), reader.GetInt64(1)) : null;
        // The end of the results is the answer to COMMIT.
        while (reader.NextResult())
        {
        }

        return seen;
    }

    private static void Outcome(SqlText sql, OutcomeRow row) =>
        sql.Value(row.Key).Add(",").Value(row.Fingerprint).Add(",").Value((int)row.Kind)
            .Add(",").Value(row.Subject).Add(",").Value(row.BalanceMinor).Add(",").Value(row.Seq).Add(",")
            .Value((int)row.Reason).Add(",").Value(row.Detail).Add(",").Value(row.TimeUs);

    private static void Account(SqlText sql, AccountRow row) =>
        sql.Value(row.Id).Add(",").Value(row.CustomerId == Guid.Empty ? (Guid?)null : row.CustomerId)
            .Add(",").Value((int)row.Kind).Add(",").Value(row.Currency.Code).Add(",").Value((int)row.Status)
            .Add(",").Value(row.OverdraftLimitMinor).Add(",").Value(row.PostedMinor)
                .Add(",").Value(row.PendingInMinor).Add(",").Value(row.PendingOutMinor).Add(",").Value(row.EntryVersion)
            .Add(",").Value(row.Version).Add(",").Value(row.Iban).Add(",").Value(row.CreatedUs).Add(",")
                .Value(row.ReturnableMinor);

    private static void Aggregate(SqlText sql, AggregateRow row) =>
        sql.Value(row.Id).Add(",").Value(row.Kind).Add(",").Value(row.Version).Add(",").Value(row.State)
            .Add(",").Value(row.AtRest ? 1 : 0).Add(",").Value(row.WakeUs).Add(",").Value(row.Data);

    private void Claims(Dictionary<ClaimKey, ClaimRow?> claims)
    {
        Rows("claims", LedgerColumns.Claims, [.. claims.Values.OfType<ClaimRow>()],
            static (sql, row) => sql.Value(row.Space).Add(",").Value(row.Name).Add(",").Value(row.ClaimId).Add(",")
                .Value(row.Kind).Add(",").Value(row.Subject),
            "claim_id=n.claim_id,subject_kind=n.subject_kind,subject_id=n.subject_id");
        foreach (var ((space, name), row) in claims)
        {
            if (row is null)
                _sql.Add("DELETE FROM claims WHERE space = ").Value(space).Add(" AND name = ").Value(name).Add(";");
        }
    }

    // Rows that are there are changed by an insert that meets them: one statement for all, where UPDATE takes one each.
    private void Rows<T>(string table, string columns, List<T> rows, Action<SqlText, T> values, string? change = null)
    {
        if (rows.Count == 0) return;
        _sql.Add("INSERT INTO ").Add(table).Add(" (").Add(columns).Add(") VALUES ");
        foreach (var row in rows)
        {
            _sql.Add("(");
            values(_sql, row);
            _sql.Add("),");
        }

        _sql.Back(1);
        if (change is not null) _sql.Add(" AS n ON DUPLICATE KEY UPDATE ").Add(change);
        _sql.Add(";");
    }
}
