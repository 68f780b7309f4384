namespace Tideline.Engines.Ledger;

/// <summary>
/// The columns of each table, the same on every SQL engine, in the order in which rows are written and read.
/// </summary>
internal static class LedgerColumns
{
    public const string Accounts =
        "account_id, customer_id, kind, currency, status, overdraft_limit, balance, pending_in, pending_out, "
        + "entry_version, version, iban, created_us, returnable";
    public const string Customers = "customer_id, profile, version, created_us";
    public const string Entries =
        "account_id, entry_version, transaction_id, amount, balance_after, time_us";
    public const string Transactions = "transaction_id, kind, currency, amount, reference, saga_id, time_us, "
        + "legs, value_date, code, external_reference, metadata, personal_data, counterparty_id";
    public const string Holds =
        "hold_id, account_id, amount, captured, status, expires_us, reference, created_us";
    public const string Outcomes =
        "outcome_key, fingerprint, kind, subject_id, balance_after, event_seq, refusal_reason, detail, time_us";
    public const string Claims = "space, name, claim_id, subject_kind, subject_id";
    public const string Aggregates = "aggregate_id, kind, version, state, at_rest, wake_us, data";
    public const string Events = "event_seq, event_type, subject_id, version, time_us, data";
    public const string Messages = "message_seq, target_shard, saga_id, message_type, data, time_us";
    public const string Blocks =
        "block_number, from_seq, through_seq, previous_hash, block_hash, time_us";
}
