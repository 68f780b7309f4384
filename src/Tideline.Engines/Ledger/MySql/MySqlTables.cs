namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The tables of a shard, with a comment on each and on every column: docs/reference/schema-mysql.md is made from them.
/// Names are those of the data flows where they have one.
/// </summary>
internal static class MySqlTables
{
    /// <summary>The index that lets nobody take a key twice.</summary>
    public const string KeyIndex = "outcomes_by_key";

    public const string Options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

    /// <summary>What the migrations did; made before any of them.</summary>
    public const string Versions =
        $"""
        CREATE TABLE IF NOT EXISTS schema_versions (
            version INT PRIMARY KEY COMMENT 'Format of the tables.',
            applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'Time of the server.'
        ) {Options} COMMENT 'Formats that this database was brought to; the highest is its own.'
        """;

    /// <summary>On shard 0 alone: it is the installation's.</summary>
    public const string LogSecret =
        $"""
        CREATE TABLE IF NOT EXISTS log_secret (
            id INT PRIMARY KEY COMMENT '0: there is one row.',
            secret VARBINARY(64) NOT NULL COMMENT 'Key of the seals. Secret: grant it to nobody.'
        ) {Options} COMMENT 'On shard 0: the secret that seals the records of the installation on the bus.'
        """;

    /// <summary>Where a shard stands.</summary>
    public const string Shard =
        $"""
        CREATE TABLE IF NOT EXISTS shard_head (
            id INT PRIMARY KEY COMMENT '0: there is one row.',
            shard INT NOT NULL COMMENT 'Number of this shard, from 0.',
            shards INT NOT NULL COMMENT 'Number of shards of the installation.',
            epoch BIGINT NOT NULL COMMENT 'Fencing epoch: grows whenever a process or a new session takes the shard.',
            writer BINARY(16) NOT NULL COMMENT 'Random id of the process that may write, as 16 bytes.',
            owner VARCHAR(255) NOT NULL COMMENT 'Name of the process that owns the shard.',
            lease_until DATETIME(6) NOT NULL COMMENT 'UTC by the clock of the server: the owner holds it until then.',
            commits BIGINT NOT NULL COMMENT 'Number of group commits.',
            message_seq BIGINT NOT NULL COMMENT 'messages.message_seq of the newest message ever sent.',
            time_us BIGINT NOT NULL COMMENT 'Time of the newest commit, microseconds since 1970 UTC.',
            address VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'URL at which other processes reach the owner.',
            secret BINARY(16) NOT NULL DEFAULT 0x00 COMMENT 'Lets processes send commands to the owner. Secret.',
            preferred BOOL NOT NULL DEFAULT TRUE COMMENT 'Whether the owner prefers this shard.',
            wanted_at DATETIME(6) NOT NULL DEFAULT '2000-01-01'
                COMMENT 'UTC: when a process that prefers the shard last asked for it.'
        ) {Options} COMMENT 'One row: where the shard stands and who owns it. Each commit checks and changes it.';
        CREATE TABLE IF NOT EXISTS placement (
            version BIGINT NOT NULL COMMENT 'Version of the placement; the highest counts.',
            shard INT NOT NULL COMMENT 'Number of a shard, from 0.',
            group_no INT NOT NULL COMMENT 'Number of its MySQL group, from 0, in the order of the configuration.',
            epoch BIGINT NOT NULL COMMENT 'Grows when the shard moves.',
            PRIMARY KEY (version, shard)
        ) {Options} COMMENT 'Which MySQL group holds which shard; the same in every database of the installation.';
        CREATE TABLE IF NOT EXISTS epochs (
            number BIGINT PRIMARY KEY
                COMMENT '1 for new data; later ones are microseconds since 1970 UTC when the epoch began.',
            installation BINARY(16) NOT NULL COMMENT 'Id of the installation, as 16 bytes.',
            event_seq BIGINT NOT NULL COMMENT 'events.event_seq of the newest event when the epoch began.',
            message_seq BIGINT NOT NULL COMMENT 'messages.message_seq of the newest message when it began.',
            block_number BIGINT NOT NULL COMMENT 'audit_log.block_number of the newest block when it began.',
            begun_us BIGINT NOT NULL COMMENT 'When it began, microseconds since 1970 UTC.',
            reason VARCHAR(255) NOT NULL COMMENT 'Why, in the words of the operator.'
        ) {Options} COMMENT 'Installation epochs: a new one begins with each restore.';
        """;

    /// <summary>What codes and amounts mean, for people; the program never reads them.</summary>
    public const string Meanings =
        $"""
        CREATE TABLE IF NOT EXISTS codes (
            field VARCHAR(64) NOT NULL COMMENT 'The column, as table.column.',
            code INT NOT NULL COMMENT 'The number that stands in that column.',
            name VARCHAR(64) NOT NULL COMMENT 'Its name, as in routes and events.',
            meaning VARCHAR(255) NOT NULL COMMENT 'What it means.',
            PRIMARY KEY (field, code)
        ) {Options} COMMENT 'What the numbers of coded columns mean. The program adds its own at each start.';
        CREATE TABLE IF NOT EXISTS currencies (
            currency CHAR(3) PRIMARY KEY COMMENT 'ISO 4217 code.',
            decimals INT NOT NULL COMMENT 'Decimals of the minor unit: 2 for EUR, 0 for JPY.',
            minor_unit DECIMAL(5, 4) NOT NULL COMMENT 'One minor unit in major units: 0.01 for EUR. A factor.'
        ) {Options} COMMENT 'The currencies that the program knows. The program adds its own at each start.';
        """;

    /// <summary>Customers, accounts and the money on them.</summary>
    public const string Money =
        $"""
        CREATE TABLE IF NOT EXISTS customers (
            customer_id BINARY(16) PRIMARY KEY COMMENT 'UUIDv7, unless the client chose it, as 16 bytes.',
            profile BLOB NOT NULL COMMENT 'JSON in UTF-8: name, email, country. Personal data.',
            version BIGINT NOT NULL COMMENT 'Number of events of this customer.',
            created_us BIGINT NOT NULL COMMENT 'Microseconds since 1970 UTC.'
        ) {Options} COMMENT 'Customers of this shard. Personal data.';
        CREATE TABLE IF NOT EXISTS accounts (
            account_id BINARY(16) PRIMARY KEY
                COMMENT 'UUIDv7, unless the client chose it; UUIDv8 for system accounts; as 16 bytes.',
            customer_id BINARY(16) COMMENT 'customers.customer_id, on any shard; NULL for a system account.',
            kind INT NOT NULL COMMENT 'Code, see codes: accounts.kind.',
            currency CHAR(3) NOT NULL COMMENT 'ISO 4217 code, see currencies.',
            status INT NOT NULL COMMENT 'Code, see codes: accounts.status.',
            overdraft_limit BIGINT NOT NULL COMMENT 'Minor units; how far below 0 the available balance may go.',
            balance BIGINT NOT NULL COMMENT 'Minor units; sum of the entries: the posted balance.',
            pending_in BIGINT NOT NULL COMMENT 'Minor units; announced credits.',
            pending_out BIGINT NOT NULL COMMENT 'Minor units; open holds and reserved debits.',
            entry_version BIGINT NOT NULL COMMENT 'entries.entry_version of the newest entry: their number.',
            version BIGINT NOT NULL COMMENT 'Number of events of this account.',
            iban VARCHAR(64) COMMENT 'Without spaces; NULL when it has none. Personal data.',
            created_us BIGINT NOT NULL COMMENT 'Microseconds since 1970 UTC.',
            returnable BIGINT NOT NULL COMMENT 'Minor units; what unfinished sagas took and may still give back.',
            KEY accounts_of_customer (customer_id, account_id)
        ) {Options} COMMENT 'Accounts of this shard, with their balances. Available: balance - pending_out + limit.';
        CREATE TABLE IF NOT EXISTS transactions (
            transaction_id BINARY(16) PRIMARY KEY COMMENT 'UUIDv7 as 16 bytes.',
            kind INT NOT NULL COMMENT 'Code, see codes: transactions.kind.',
            currency CHAR(3) COMMENT 'ISO 4217 code; NULL when the legs have several currencies.',
            amount BIGINT COMMENT 'Minor units; sum of the credits. NULL when the legs have several currencies.',
            reference VARCHAR(512) COMMENT 'Text of the payer. May be personal data.',
            saga_id BINARY(16)
                COMMENT 'Its saga: aggregates.aggregate_id, except for a transfer within a shard, which has no row.',
            time_us BIGINT NOT NULL COMMENT 'Commit time, microseconds since 1970 UTC.',
            legs BLOB NOT NULL
                COMMENT '24 bytes per entry on this shard: entries.account_id, then entry_version, big-endian.',
            value_date DATE COMMENT 'Day from which interest counts; NULL: the day of time_us, UTC.',
            code VARCHAR(35) COMMENT 'Transaction code of the bank.',
            external_reference VARCHAR(140) COMMENT 'What another system calls it, such as the number of an invoice.',
            metadata TEXT COMMENT 'JSON object of names and values of the client.',
            personal_data MEDIUMTEXT COMMENT 'JSON array, a part for each person. Personal data.',
            counterparty_id BINARY(16)
                COMMENT 'accounts.account_id of the other customer account when it is on another shard.'
        ) {Options} COMMENT 'Double-entry transactions; their entries sum to 0 per currency.';
        CREATE TABLE IF NOT EXISTS entries (
            account_id BINARY(16) NOT NULL COMMENT 'accounts.account_id.',
            entry_version BIGINT NOT NULL COMMENT 'Number of the entry on its account, from 1, without gaps.',
            transaction_id BINARY(16) NOT NULL COMMENT 'transactions.transaction_id.',
            amount BIGINT NOT NULL COMMENT 'Minor units of the currency of the account; a debit is negative.',
            balance_after BIGINT NOT NULL COMMENT 'Minor units; balance of the account after this entry.',
            time_us BIGINT NOT NULL COMMENT 'Commit time, microseconds since 1970 UTC.',
            PRIMARY KEY (account_id, entry_version)
        ) {Options} COMMENT 'Entries: one side of a transaction on one account. Never changed.';
        CREATE TABLE IF NOT EXISTS holds (
            hold_id BINARY(16) PRIMARY KEY COMMENT 'UUIDv7 as 16 bytes.',
            account_id BINARY(16) NOT NULL COMMENT 'accounts.account_id.',
            amount BIGINT NOT NULL COMMENT 'Minor units of the currency of the account.',
            captured BIGINT NOT NULL COMMENT 'Minor units captured so far.',
            status INT NOT NULL COMMENT 'Code, see codes: holds.status.',
            expires_us BIGINT NOT NULL COMMENT 'Microseconds since 1970 UTC.',
            reference VARCHAR(512) COMMENT 'Text of the merchant.',
            created_us BIGINT NOT NULL COMMENT 'Microseconds since 1970 UTC.',
            KEY holds_open (status, expires_us)
        ) {Options} COMMENT 'Money reserved on accounts until it is captured, released or expires.';
        """;

    /// <summary>Keys and names, what services keep, and what leaves the ledger.</summary>
    public const string Records =
        $"""
        CREATE TABLE IF NOT EXISTS outcomes (
            row_no BIGINT AUTO_INCREMENT PRIMARY KEY COMMENT 'Order in which outcomes were stored; may have gaps.',
            outcome_key BINARY(16) NOT NULL COMMENT 'First 16 bytes of SHA-256 of the idempotency key and its scope.',
            fingerprint BINARY(16) NOT NULL COMMENT 'First 16 bytes of SHA-256 of the request.',
            kind INT NOT NULL COMMENT 'Code, see codes: outcomes.kind.',
            subject_id BINARY(16) NOT NULL COMMENT 'What the command made or changed: account, transfer, hold ...',
            balance_after BIGINT NOT NULL COMMENT 'Minor units; balance in the reply.',
            event_seq BIGINT NOT NULL COMMENT 'events.event_seq of its last event.',
            refusal_reason INT NOT NULL COMMENT 'Code, see codes: outcomes.refusal_reason; 0 when it was not refused.',
            detail VARCHAR(2048) COMMENT 'Text of the refusal.',
            time_us BIGINT NOT NULL COMMENT 'Commit time, microseconds since 1970 UTC.',
            UNIQUE KEY {KeyIndex} (outcome_key)
        ) {Options} COMMENT 'The stored result of each command under its idempotency key. Never changed.';
        CREATE TABLE IF NOT EXISTS claims (
            space VARCHAR(32) NOT NULL COMMENT 'What the name is of, such as iban.',
            name VARCHAR(200) NOT NULL COMMENT 'The name. An IBAN is personal data.',
            claim_id BINARY(16) NOT NULL COMMENT 'Id of the claim, as 16 bytes.',
            subject_kind VARCHAR(64) NOT NULL COMMENT 'What the subject is, such as account.',
            subject_id BINARY(16) NOT NULL COMMENT 'Whose name it is, as 16 bytes; may be on another shard.',
            PRIMARY KEY (space, name)
        ) {Options} COMMENT 'Names that belong to one thing of the installation, on the shard that the name hashes to.';
        CREATE TABLE IF NOT EXISTS aggregates (
            aggregate_id BINARY(16) PRIMARY KEY COMMENT 'UUID as 16 bytes; of a saga, the id of its transfer.',
            kind VARCHAR(64) NOT NULL COMMENT 'What it is, with its version, such as saga:transfer:1.',
            version BIGINT NOT NULL COMMENT 'Number of its changes.',
            state VARCHAR(32) NOT NULL COMMENT 'A word; of sagas: running, parked, completed ...',
            at_rest BOOL NOT NULL COMMENT '1 when nobody looks for it by its state.',
            wake_us BIGINT COMMENT 'When it is due, microseconds since 1970 UTC; NULL when nothing is due.',
            data MEDIUMBLOB NOT NULL COMMENT 'All else that its service keeps; of sagas: JSON.',
            open_state VARCHAR(32) AS (IF(at_rest, NULL, state)) VIRTUAL
                COMMENT 'state, or NULL when at rest; only for the index.',
            KEY aggregates_due (wake_us),
            KEY aggregates_by_state (open_state, aggregate_id)
        ) {Options} COMMENT 'What services keep beside the accounts: sagas, reservations, dead letters of sagas.';
        CREATE TABLE IF NOT EXISTS events (
            event_seq BIGINT PRIMARY KEY COMMENT 'Position on this shard, from 1, without gaps, in commit order.',
            event_type INT NOT NULL COMMENT 'Code, see codes: events.event_type.',
            subject_id BINARY(16) NOT NULL COMMENT 'The account, customer or aggregate that it is about.',
            version BIGINT NOT NULL COMMENT 'Version of the subject after it.',
            time_us BIGINT NOT NULL COMMENT 'Commit time, microseconds since 1970 UTC.',
            data MEDIUMBLOB NOT NULL COMMENT 'JSON in UTF-8. May contain personal data.'
        ) {Options} COMMENT 'Every event of this shard: what the outbox relay copies to the bus. Never changed.';
        CREATE TABLE IF NOT EXISTS messages (
            message_seq BIGINT PRIMARY KEY COMMENT 'Number on this shard, without gaps.',
            target_shard INT NOT NULL COMMENT 'Shard that it goes to.',
            saga_id BINARY(16) NOT NULL COMMENT 'aggregates.aggregate_id of its saga, as 16 bytes.',
            message_type VARCHAR(64) NOT NULL COMMENT 'Such as SAGA_STEP_REQUESTED.',
            data MEDIUMBLOB NOT NULL COMMENT 'JSON in UTF-8.',
            time_us BIGINT NOT NULL COMMENT 'Commit time, microseconds since 1970 UTC.'
        ) {Options} COMMENT 'Messages of sagas to other shards; removed some time after the relay has copied them.';
        CREATE TABLE IF NOT EXISTS audit_log (
            block_number BIGINT PRIMARY KEY COMMENT 'Number of the block, from 1, without gaps.',
            from_seq BIGINT NOT NULL COMMENT 'events.event_seq of its first event.',
            through_seq BIGINT NOT NULL COMMENT 'events.event_seq of its last event.',
            previous_hash BINARY(32) NOT NULL COMMENT 'block_hash of the block before; zeros for the first.',
            block_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of previous_hash, numbers and events of the block.',
            time_us BIGINT NOT NULL COMMENT 'When it was sealed, microseconds since 1970 UTC.',
            KEY audit_log_by_time (time_us)
        ) {Options} COMMENT 'The audit log: sealed blocks of events, each with the hash of the one before.';
        """;
}
