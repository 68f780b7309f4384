namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>A question that an operator puts to a shard, and the index that answers it.</summary>
internal sealed record OperatorQuestion(string Text, string Index, string Sql, string? Note = null);

/// <summary>
/// The questions of docs/reference/schema-mysql.md. A test runs each with its plan on filled tables.
/// </summary>
internal static class OperatorQuestions
{
    public static IReadOnlyList<OperatorQuestion> All { get; } =
    [
        new("What is the balance of an account?", "PRIMARY",
            "SELECT * FROM readable_accounts WHERE account_key = UUID_TO_BIN(@account)"),
        new("Which accounts does a customer have?", "accounts_of_customer",
            "SELECT * FROM readable_accounts WHERE customer_key = UUID_TO_BIN(@customer)",
            "Ask every shard: a customer may have accounts on several."),
        new("What are the newest entries of an account?", "PRIMARY",
            """
            SELECT * FROM readable_entries WHERE account_key = UUID_TO_BIN(@account)
            ORDER BY entry_version DESC LIMIT 20
            """),
        new("What was the balance of an account at a time?", "PRIMARY",
            """
            SELECT balance_after, currency, committed_at FROM readable_entries
            WHERE account_key = UUID_TO_BIN(@account)
                AND time_us <= TIMESTAMPDIFF(MICROSECOND, '1970-01-01', @until)
            ORDER BY entry_version DESC LIMIT 1
            """,
            "It reads the entries of this account back to that time. `GET /v1/accounts/{id}/balance` reads fewer."),
        new("What is this transaction?", "PRIMARY",
            "SELECT * FROM readable_transactions WHERE transaction_key = UUID_TO_BIN(@transaction)"),
        new("Which entries does this transaction have?", "PRIMARY",
            """
            SELECT * FROM readable_transaction_entries WHERE transaction_key = UUID_TO_BIN(@transaction)
            ORDER BY leg_no
            """,
            "Entries on other shards are in the databases of those shards."),
        new("Which holds of an account are open?", "holds_open",
            "SELECT * FROM readable_holds WHERE status_code = 0 AND account_key = UUID_TO_BIN(@account)",
            "It reads the open holds of the shard, not its past ones."),
        new("Which holds have expired and are still open?", "holds_open",
            """
            SELECT * FROM readable_holds WHERE status_code = 0
                AND expires_us <= TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))
            ORDER BY expires_us LIMIT 20
            """),
        new("Which sagas are parked?", "aggregates_by_state",
            "SELECT * FROM readable_aggregates WHERE open_state = 'parked' ORDER BY aggregate_key LIMIT 20",
            "The other states are running, compensating, compensated, suspended, paid-out and set-aside."),
        new("How many sagas are in each state that is not at rest?", "aggregates_by_state",
            """
            SELECT open_state, COUNT(*) AS sagas FROM readable_aggregates WHERE open_state IS NOT NULL
            GROUP BY open_state
            """),
        new("What is overdue?", "aggregates_due",
            """
            SELECT * FROM readable_aggregates
            WHERE wake_us <= TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) ORDER BY wake_us LIMIT 20
            """),
        new("What is the state of this saga?", "PRIMARY",
            "SELECT * FROM readable_aggregates WHERE aggregate_key = UUID_TO_BIN(@transfer)",
            "A transfer within a shard has no saga."),
        new("What did a request with this idempotency key come to?", "outcomes_by_key",
            """
            SELECT * FROM readable_outcomes
            WHERE outcome_key = UNHEX(LEFT(SHA2(CONCAT('0:', @key), 256), 32))
            """,
            "`@key` is the key of an HTTP request. Ask every shard: its home shard and that of the effect have it."),
        new("What were the newest commands?", "PRIMARY",
            "SELECT * FROM readable_outcomes ORDER BY row_no DESC LIMIT 20"),
        new("Whose is an IBAN?", "PRIMARY",
            "SELECT * FROM readable_claims WHERE space = 'iban' AND name = @iban",
            "Ask every shard: a claim is on the shard that the name hashes to."),
        new("Which messages wait for the relay, oldest first?", "PRIMARY",
            "SELECT * FROM readable_messages ORDER BY message_seq LIMIT 20",
            "Copied messages are removed with a later commit. An old message has not been copied."),
        new("What were the newest events?", "PRIMARY",
            "SELECT * FROM readable_events ORDER BY event_seq DESC LIMIT 20"),
        new("Which audit blocks were sealed in a period?", "audit_log_by_time",
            """
            SELECT * FROM readable_audit_log
            WHERE time_us BETWEEN TIMESTAMPDIFF(MICROSECOND, '1970-01-01', @since)
                AND TIMESTAMPDIFF(MICROSECOND, '1970-01-01', @until)
            ORDER BY time_us
            """,
            "The shard seals at most a few blocks a second, so this index costs its commits nothing measurable."),
        new("Which events are in an audit block?", "PRIMARY",
            """
            SELECT v.* FROM readable_audit_log b
                JOIN readable_events v ON v.event_seq BETWEEN b.from_seq AND b.through_seq
            WHERE b.block_number = @block ORDER BY v.event_seq LIMIT 20
            """),
        new("Who owns this shard?", "PRIMARY", "SELECT * FROM readable_shard"),
    ];
}
