using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Audit;

/// <summary>
/// Compares an event with its rows: its entry, its transaction, and every leg of that transaction. A transaction
/// without an event would be outside the chain, but its entries would break the fold of its accounts.
/// </summary>
internal sealed class RowAudit(IShardReader reader)
{
    private readonly BookedRows _booked = new(reader);

    // The two events of a transfer are consecutive; the legs of their transaction need to be summed only once.
    private (Guid Id, TransactionRow? Row, string? Fault) _last;

    /// <summary>Reads the rows of a page of events in a few calls, before its events are compared.</summary>
    public Task ReadAheadAsync(IReadOnlyList<LedgerEvent> page, CancellationToken cancel) =>
        _booked.ReadAheadAsync(page.Select(TransactionOf).OfType<Guid>().ToHashSet(), cancel);

    /// <summary>A sentence that says what differs; null if nothing does.</summary>
    public async ValueTask<string?> FindFaultAsync(LedgerEvent happened, CancellationToken cancel)
    {
        try
        {
            var data = EventData.Parse(happened.Data.Span);
            // An event of a service may name a transaction; it has no entry of its own.
            if ((int)happened.Type >= EventTypes.FirstOfServices) return null;
            if (!Moves(happened)) return data.TransactionId is null
                && data.EntryVersion is null ? null : "it has a movement, which its type must not have.";
            if (data is not { TransactionId: { } transaction, EntryVersion: { } version, AccountId: { } account })
                return "it names no account, entry or transaction.";
            return account != happened.Subject
                ? $"its account {account} is not its subject {happened.Subject}."
                : await CompareEntryAsync(happened, data, new EntryKey(account, version), cancel)
                    ?? await CompareTransactionAsync(happened, data, transaction, cancel);
        }
        catch (Exception fault) when (fault is JsonException or TidelineException { Code: ErrorCode.Corrupt })
        {
            return $"the event or one of its rows cannot be read: {fault.Message}";
        }
    }

    private async ValueTask<string?> CompareEntryAsync(
        LedgerEvent happened, EventData data, EntryKey key, CancellationToken cancel)
    {
        if (await _booked.EntryAsync(key, cancel) is not { } entry)
            return $"entry {key.Version} of account {key.AccountId} is missing.";
        return entry.AmountMinor == data.AmountMinor && entry.PostedAfterMinor == data.PostedMinor
            && entry.TransactionId == data.TransactionId && entry.TimeUs == happened.TimeUs
            ? null
            : $"entry {key.Version} of account {key.AccountId} has a different amount, balance, transaction or time.";
    }

    private async ValueTask<string?> CompareTransactionAsync(
        LedgerEvent happened, EventData data, Guid id, CancellationToken cancel)
    {
        if (_last.Id != id)
        {
            var read = await _booked.TransactionAsync(id, cancel);
            _last = (id,
                read, read is null ? $"transaction {id} is missing." : await FindFaultOfLegsAsync(read, cancel));
        }

        if (_last.Fault is not null || _last.Row is not { } row) return _last.Fault;
        if (!row.Legs.Contains(new EntryKey(happened.Subject, data.EntryVersion!.Value)))
            return $"transaction {id} does not name entry {data.EntryVersion} of account {happened.Subject}.";
        return (row.Amount is not { } amount || amount.Currency.Code == data.Currency)
            && (row.CounterpartyId is null || row.CounterpartyId == data.CounterpartyId)
            && row.Reference == data.Reference && row.SagaId == data.SagaId
            && row.Details == TransactionDetails.Of(data) && row.TimeUs == happened.TimeUs
            && (TransactionKinds.Find(row.Kind) is not { } kind || kind.Name == data.Kind)
            ? null
            : $"transaction {id} has a different currency, kind, reference, saga, time or details.";
    }

    private async ValueTask<string?> FindFaultOfLegsAsync(TransactionRow row, CancellationToken cancel)
    {
        var sums = new Dictionary<string, (Int128 Sum, Int128 Credits)>(StringComparer.Ordinal);
        var seen = new HashSet<EntryKey>();
        foreach (var leg in row.Legs)
        {
            if (!seen.Add(leg))
                return $"transaction {row.Id} names entry {leg.Version} of account {leg.AccountId} twice.";
            if (await _booked.EntryAsync(leg, cancel) is not { } entry)
                return $"transaction {row.Id} names entry {leg.Version} of account {leg.AccountId}, which is missing.";
            if (entry.TransactionId != row.Id || entry.TimeUs != row.TimeUs) return $"transaction {row.Id} names entry "
                + $"{leg.Version} of account {leg.AccountId}, which is not its own.";
            // An entry is in the currency of its account.
            var currency = row.Amount?.Currency.Code
                ?? (await _booked.AccountAsync(leg.AccountId, cancel))?.Currency.Code ?? "";
            var (sum, credits) = sums.GetValueOrDefault(currency);
            sums[currency] = (sum + entry.AmountMinor, credits + Math.Max(entry.AmountMinor, 0));
        }

        foreach (var (sum, _) in sums.Values)
        {
            if (sum != 0) return $"the entries of transaction {row.Id} add up to {sum} instead of zero.";
        }

        return row.Amount is { } amount && sums.Values.Any(all => all.Credits != amount.Minor)
            ? $"transaction {row.Id} differs from its entries in currency, amount or legs."
            : null;
    }

    private static bool Moves(LedgerEvent happened) => happened.Type is EventType.TransactionRecorded
        or EventType.AccountDebited or EventType.AccountCredited;

    // An event that cannot be read names nothing; its own comparison says so.
    private static Guid? TransactionOf(LedgerEvent happened)
    {
        try
        {
            return Moves(happened) ? EventData.Parse(happened.Data.Span).TransactionId : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
