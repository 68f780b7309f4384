using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Consistency;

/// <summary>
/// I16: the row of an account or a customer says what its newest event says, which the audit chain proves: owner,
/// currency, status, limit, balances, profile. Rows are taken in groups, and the events are walked once for each group,
/// so that memory is bounded. A row that moves meanwhile is held against the event of the version that was read.
/// </summary>
internal sealed class RowCheck(IShardReader reader, int shard)
{
    private readonly List<string> _findings = [];
    private readonly Dictionary<Guid, Expected> _group = [];
    private long _through;
    private long _made;
    private long _found;

    private bool IsFull => _findings.Count >= Limits.VerifyFindings;

    /// <summary>Findings, and how many rows there are.</summary>
    public async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(CancellationToken cancel)
    {
        // Who is made while the rows are read may be among them.
        _through = (await reader.GetHeadAsync(cancel)).EventSeq;
        var accounts = await RunAsync(
            reader.GetAccountsAsync, row => new Expected(row.Id, row.Version, Account: row), cancel);
        var customers = await RunAsync(
            reader.GetCustomersAsync, row => new Expected(row.Id, row.Version, Customer: row), cancel);
        if (_found < _made) await FindMissingAsync(cancel);
        return (_findings, Say($"{accounts} accounts and {customers} customers"));
    }

    private async Task<long> RunAsync<T>(
        Func<Guid, int, CancellationToken, ValueTask<IReadOnlyList<T>>> read, Func<T, Expected> expect,
        CancellationToken cancel)
    {
        var (after, seen, isMore) = (Guid.Empty, 0L, true);
        while (isMore && !IsFull)
        {
            _group.Clear();
            var before = (await reader.GetHeadAsync(cancel)).EventSeq;
            while (isMore && _group.Count < Limits.VerifyGroupRows)
            {
                var page = await read(after, Limits.PageRows, cancel);
                foreach (var expected in page.Select(expect)) _group[after = expected.Id] = expected;
                isMore = page.Count == Limits.PageRows;
            }

            seen += _group.Count;
            await WalkAsync(before, cancel);
        }

        return seen;
    }

    private async Task WalkAsync(long before, CancellationToken cancel)
    {
        var through = (await reader.GetHeadAsync(cancel)).EventSeq;
        _made = 0;
        await foreach (var happened in EventsAsync(through, cancel)) Look(happened, before);
        foreach (var row in _group.Values.Where(row => row is { IsFound: false, IsTold: false, Version: > 0 }))
            Tell(row, Say($"its row is of version {row.Version}, which no event has"));
    }

    // More were made than there are rows: a point read for each that ever was.
    private async Task FindMissingAsync(CancellationToken cancel)
    {
        await foreach (var happened in EventsAsync(_through, cancel))
        {
            if (happened.Type == EventType.AccountCreated
                ? await reader.GetAccountAsync(happened.Subject, cancel) is not null
                : happened.Type != EventType.CustomerCreated
                    || await reader.GetCustomerAsync(happened.Subject, cancel) is not null) continue;
            var what = happened.Type == EventType.AccountCreated ? "Account" : "Customer";
            var (who, made) = (happened.Subject, happened.Position);
            _findings.Add(Say($"{what} {who} on shard {shard}: its row is missing, and event {made} made it."));
        }
    }

    private async IAsyncEnumerable<LedgerEvent> EventsAsync(
        long through, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var seq = 0L; seq < through && !IsFull;)
        {
            var events = await reader.GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, through - seq), cancel);
            if (events.Count == 0) yield break;
            foreach (var happened in events)
            {
                if (IsFull) yield break;
                yield return happened;
            }

            seq = events[^1].Position.Seq;
        }
    }

    private void Look(LedgerEvent happened, long before)
    {
        var isCreation = happened.Type is EventType.AccountCreated or EventType.CustomerCreated;
        var isCounted = isCreation && happened.Position.Seq <= _through;
        if (isCounted) _made++;
        if (!_group.TryGetValue(happened.Subject, out var row)) return;
        if (isCounted) _found++;
        if (happened.Version > row.Version && happened.Position.Seq <= before)
            Tell(row, Say($"its row is of version {row.Version}, and event {happened.Position} of {happened.Version}"));
        if (happened.Version != row.Version && !isCreation) return;
        try
        {
            Compare(row, happened, EventData.Parse(happened.Data.Span), isCreation);
        }
        catch (JsonException fault)
        {
            Tell(row, Say($"event {happened.Position} of it cannot be read: {fault.Message}"));
        }
    }

    private void Compare(Expected row, LedgerEvent happened, EventData data, bool isCreation)
    {
        if (isCreation)
        {
            CompareField(row, happened, "time of creation", row.CreatedUs, happened.TimeUs);
            CompareField(row, happened, "IBAN", row.Account?.Iban, data.Iban);
        }

        if (happened.Version != row.Version) return;
        row.IsFound = true;
        if (row.Customer is { } customer)
        {
            CompareField(row, happened, "name", customer.Name, data.Name);
            CompareField(row, happened, "email", customer.Email, data.Email);
            CompareField(row, happened, "country", customer.Country, data.Country);
        }
        else if (row.Account is { } account)
        {
            var status = Enum.IsDefined(account.Status) ? account.Status.Word() : Say($"{(int)account.Status}");
            CompareField(row, happened, "owner", account.CustomerId, data.CustomerId);
            CompareField(row, happened, "currency", account.Currency.Code, data.Currency);
            CompareField(row, happened, "status", status, data.Status);
            CompareField(row, happened, "overdraft limit", account.OverdraftLimitMinor, data.OverdraftLimitMinor);
            CompareField(row, happened, "balance", account.PostedMinor, data.PostedMinor);
            CompareField(row, happened, "held amount", account.PendingOutMinor, data.HeldMinor);
        }
    }

    private void CompareField<T>(Expected row, LedgerEvent happened, string field, T found, T told)
    {
        if (EqualityComparer<T>.Default.Equals(found, told)) return;
        Tell(row, Say($"its row says {field} {found}, and event {happened.Position} {told}"));
    }

    // One finding a row: the first tells where to look.
    private void Tell(Expected row, string what)
    {
        if (row.IsTold || IsFull) return;
        row.IsTold = true;
        _findings.Add(Say($"{(row.Account is null ? "Customer" : "Account")} {row.Id} on shard {shard}: {what}."));
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);

    private sealed record Expected(Guid Id, long Version, AccountRow? Account = null, CustomerRow? Customer = null)
    {
        public long CreatedUs => Account?.CreatedUs ?? Customer?.CreatedUs ?? 0;

        public bool IsFound { get; set; }

        public bool IsTold { get; set; }
    }
}
