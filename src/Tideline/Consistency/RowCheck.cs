using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Consistency;

/// <summary>
/// I16: the row of an account or a customer agrees with its events, which the audit chain proves. Constant fields are
/// compared with the event that created them, the status with the newest event that changed it, balances with the event
/// of the row's version: a manual edit is found even after the next event has copied it. Rows are checked in groups,
/// with one walk over the events each, so that memory is bounded. A row that changes meanwhile is compared at the
/// version that was read.
/// </summary>
internal sealed class RowCheck(
    IShardReader reader, int shard, int groupRows = VerifyLimits.GroupRows, Action<long, long>? advanced = null)
{
    private readonly List<string> _findings = [];
    private readonly Dictionary<Guid, Row> _group = [];
    private long _before;
    private long _through;
    private long _made;
    private long _found;

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    /// <summary>The findings, and the number of rows.</summary>
    public async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(CancellationToken cancel)
    {
        // Accounts and customers created while the rows are read may be among them.
        _through = (await reader.GetHeadAsync(cancel)).EventSeq;
        var accounts = await ReadAsync(
            reader.GetAccountsAsync, row => new Row(row.Id, row.Version, Account: row), cancel);
        var customers = await ReadAsync(
            reader.GetCustomersAsync, row => new Row(row.Id, row.Version, Customer: row), cancel);
        await WalkAsync(cancel);
        if (_found < _made) await FindMissingAsync(cancel);
        return (_findings, $"{Counted.Of(accounts, "account")} and {Counted.Of(customers, "customer")}");
    }

    private async Task<long> ReadAsync<T>(
        Func<Guid, int, CancellationToken, ValueTask<IReadOnlyList<T>>> read, Func<T, Row> rowOf,
        CancellationToken cancel)
    {
        var (after, seen, size) = (Guid.Empty, 0L, Math.Min(groupRows, Limits.PageRows));
        while (!IsFull)
        {
            var head = (await reader.GetHeadAsync(cancel)).EventSeq;
            var page = await read(after, size, cancel);
            if (_group.Count == 0) _before = head;
            foreach (var row in page.Select(rowOf)) _group[after = row.Id] = row;
            seen += page.Count;
            if (_group.Count >= groupRows) await WalkAsync(cancel);
            if (page.Count < size) break;
        }

        return seen;
    }

    private async Task WalkAsync(CancellationToken cancel)
    {
        _made = 0;
        var through = (await reader.GetHeadAsync(cancel)).EventSeq;
        await foreach (var happened in EventsAsync(through, cancel)) Look(happened);
        foreach (var row in _group.Values)
        {
            if (row is { IsMade: false, IsCustomers: true }) Report(row, $"no event created it");
            if (row is { IsFound: false, Version: > 0 })
                Report(row, $"its row has version {row.Version}, which no event has");
            if (row is { IsCustomers: false, Account: { } own }
                && (own.CustomerId, own.Status, own.OverdraftLimitMinor) != (Guid.Empty, AccountStatus.Open, 0))
                Report(row, $"a system account must have no owner and no limit, and must be open");
        }

        _group.Clear();
    }

    // More were created than there are rows: each row that was ever created is looked up.
    private async Task FindMissingAsync(CancellationToken cancel)
    {
        var made = new List<LedgerEvent>();
        await foreach (var happened in EventsAsync(_through, cancel))
        {
            if (happened.Type is not (EventType.AccountCreated or EventType.CustomerCreated)) continue;
            made.Add(happened);
            if (made.Count < Limits.PageRows) continue;
            await FindMissingAsync(made, cancel);
            made.Clear();
        }

        await FindMissingAsync(made, cancel);
    }

    private async Task FindMissingAsync(List<LedgerEvent> made, CancellationToken cancel)
    {
        var keys = new BatchKeys();
        foreach (var happened in made)
            (happened.Type == EventType.AccountCreated ? keys.Accounts : keys.Customers).Add(happened.Subject);
        var rows = await reader.GetRowsAsync(keys, cancel);
        foreach (var happened in made.Where(one => !rows.Accounts.ContainsKey(one.Subject)
            && !rows.Customers.ContainsKey(one.Subject)))
        {
            var what = happened.Type == EventType.AccountCreated ? "Account" : "Customer";
            var (who, at) = (happened.Subject, happened.Position);
            if (!IsFull) _findings.Add(
                Say($"{what} {who} on shard {shard}: its row is missing, but event {at} created it."));
        }
    }

    private async IAsyncEnumerable<LedgerEvent> EventsAsync(
        long through, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var seq = 0L; seq < through && !IsFull;)
        {
            var events = await reader.GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, through - seq), cancel);
            if (events.Count == 0) yield break;
            advanced?.Invoke(seq, through);
            foreach (var happened in events)
            {
                if (IsFull) yield break;
                yield return happened;
            }

            seq = events[^1].Position.Seq;
        }
    }

    private void Look(LedgerEvent happened)
    {
        var isCreation = happened.Type is EventType.AccountCreated or EventType.CustomerCreated;
        var isCounted = isCreation && happened.Position.Seq <= _through;
        if (isCounted) _made++;
        if (!_group.TryGetValue(happened.Subject, out var row)) return;
        if (isCounted) _found++;
        if (happened.Version > row.Version && happened.Position.Seq <= _before)
            Report(row, $"its row has version {row.Version}, but event {happened.Position} has {happened.Version}");
        var mayChangeStatus = happened.Type == EventType.BalanceUpdated && happened.Version <= row.Version;
        if (happened.Version != row.Version && !isCreation && !mayChangeStatus) return;
        try
        {
            Compare(row, happened, EventData.Parse(happened.Data.Span), isCreation);
        }
        catch (JsonException fault)
        {
            Report(row, $"its event {happened.Position} cannot be read: {fault.Message}");
        }
    }

    private void Compare(Row row, LedgerEvent happened, EventData data, bool isCreation)
    {
        if (isCreation)
        {
            row.IsMade = true;
            row.Status = data.Status;
            Compare(row, happened, "time of creation", row.CreatedUs, happened.TimeUs);
        }

        if (row.Customer is { } customer && isCreation)
        {
            // Findings are logged, so they must not contain personal data.
            if (data.Personal is not [var said] || said != customer.Profile)
                Report(row, $"the profile in its row differs from the one in its event {happened.Position}");
        }

        if (row.Account is { } account) CompareAccount(row, account, happened, data, isCreation);
        row.IsFound |= happened.Version == row.Version;
    }

    private void CompareAccount(
        Row row, AccountRow account, LedgerEvent happened, EventData data, bool isCreation)
    {
        if (isCreation)
        {
            Compare(row, happened, "kind", account.Kind, AccountKind.Customer);
            Compare(row, happened, "owner", account.CustomerId, data.CustomerId);
            Compare(row, happened, "currency", account.Currency.Code, data.Currency);
            Compare(row, happened, "overdraft limit", account.OverdraftLimitMinor, data.OverdraftLimitMinor);
            // An IBAN names a person, and others read a finding.
            if (account.Iban != data.Iban)
                Report(row, $"its row has another IBAN than its events through {happened.Position}");
        }

        // Every event copies the status, but only an event of this kind changes it.
        if (data.Kind == "status") row.Status = data.Status;
        if (happened.Version != row.Version) return;
        var status = Enum.IsDefined(account.Status) ? account.Status.Word() : Say($"{(int)account.Status}");
        Compare(row, happened, "status", status, row.Status);
        Compare(row, happened, "balance", account.PostedMinor, data.PostedMinor);
        Compare(row, happened, "held amount", account.PendingOutMinor, data.HeldMinor);
    }

    private void Compare<T>(Row row, LedgerEvent happened, string field, T found, T said)
    {
        if (EqualityComparer<T>.Default.Equals(found, said)) return;
        Report(row, $"its row has {field} {found}, but its events through {happened.Position} have {said}");
    }

    // One finding per row: the first shows where to search.
    private void Report(Row row, FormattableString what)
    {
        if (row.IsReported || IsFull) return;
        row.IsReported = true;
        _findings.Add(Say($"{(row.Account is null ? "Customer" : "Account")} {row.Id} on shard {shard}: {Say(what)}."));
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);

    private sealed record Row(Guid Id, long Version, AccountRow? Account = null, CustomerRow? Customer = null)
    {
        /// <summary>Whether events create it, which is not so for a system account.</summary>
        public bool IsCustomers => Account is null or { Kind: AccountKind.Customer };

        public long CreatedUs => Account?.CreatedUs ?? Customer?.CreatedUs ?? 0;

        /// <summary>The status according to its events, through the last one read.</summary>
        public string? Status { get; set; }

        public bool IsMade { get; set; }

        public bool IsFound { get; set; }

        public bool IsReported { get; set; }
    }
}
