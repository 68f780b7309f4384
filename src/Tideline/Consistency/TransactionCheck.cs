using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Consistency;

/// <summary>
/// I13 for transactions across shards: past the pivot each shard has, or will have, its part with the requested legs;
/// before it no shard has one. I6: a reservation is open no longer than its saga.
/// </summary>
internal sealed class TransactionCheck(GeneralLedger ledger, SagaBooks books)
{
    private static readonly AggregateFilter Open = new(Reservation.Kind, [Reservation.Reserved]);

    /// <summary>The transactions that a stored saga may have made, by shard.</summary>
    public IEnumerable<(int Shard, Guid Transaction)> PartsOf(SagaRow row) =>
        TransactionSaga.Read(row).Order.ShardsOf(ledger.Map).Select(shard => (shard, row.Id));

    /// <summary>What is wrong with a stored saga; null if nothing is.</summary>
    public async ValueTask<string?> JudgeAsync(SagaRow row, int owner, CancellationToken cancel)
    {
        var data = TransactionSaga.Read(row);
        var isBooked = data.ActionAt(row.Step) == TransactionAction.Post;
        foreach (var shard in data.Order.ShardsOf(ledger.Map))
        {
            var part = data.Order.PartOf(ledger.Map, shard);
            var found = await books.Of(shard).TransactionAsync(row.Id, cancel);
            if (!isBooked && found is not null) return $"its part on shard {shard} was booked";
            var must = isBooked && part.Legs.Length > 0 && !data.Waiting.Contains(shard);
            if (must && found is null) return $"its part on shard {shard} is missing";
            if (found is not null && await FaultAsync(found, part, owner, shard, cancel) is { } fault) return fault;
        }

        return null;
    }

    /// <summary>The amounts per currency that a transaction had on a shard's clearing account at a moment.</summary>
    public async ValueTask<IEnumerable<(string Currency, Int128 Minor)>> OnClearingAsync(
        SagaRow row, int shard, long untilUs, CancellationToken cancel)
    {
        if (await books.Of(shard).TransactionAsync(row.Id, cancel) is not { } found || found.TimeUs > untilUs)
            return [];
        return TransactionSaga.Read(row).Order.PartOf(ledger.Map, shard).Legs.GroupBy(leg => leg.Currency)
            .Select(all => (all.Key, -all.Aggregate((Int128)0, (sum, leg) => sum + leg.AmountMinor)));
    }

    /// <summary>Reservations of a shard whose sagas have ended.</summary>
    public async Task<IReadOnlyList<string>> FindLeftAsync(int shard, CancellationToken cancel)
    {
        var (findings, after, reader) = (new List<string>(), Guid.Empty, ledger.Reader(shard));
        while (findings.Count < AuditLimits.VerifyFindings
            && await reader.GetAggregatesAsync(Open, after, Limits.PageRows, cancel) is { Count: > 0 } rows)
        {
            var sagas = new Dictionary<Guid, SagaRow>();
            foreach (var owner in rows.Select(Reservation.Read).GroupBy(said => said.Owner, said => said.SagaId))
            {
                foreach (var saga in await ledger.Reader(owner.Key).GetSagasAsync(owner, cancel)) sagas[saga.Id] = saga;
            }

            foreach (var row in rows)
            {
                var said = Reservation.Read(row);
                var saga = sagas.GetValueOrDefault(said.SagaId);
                if (saga is { } there && there.State.IsUnfinished()) continue;
                // The saga ends after all its reservations.
                if (await reader.GetAggregateAsync(row.Id, cancel) is not { State: Reservation.Reserved }) continue;
                findings.Add($"Shard {shard} has reserved a part of transaction {said.SagaId}, whose saga "
                    + (saga is null ? "is missing." : $"is {saga.State.Word()}."));
            }

            after = rows[^1].Id;
        }

        return findings;
    }

    private async ValueTask<string?> FaultAsync(
        TransactionRow found, TransactionOrder part, int owner, int shard, CancellationToken cancel)
    {
        if (found.SagaId != found.Id || found.Kind != TransactionKind.Journal || found.Legs.Count < part.Legs.Length)
            return $"transaction {found.Id} on shard {shard} is a different one";
        for (var index = 0; index < found.Legs.Count; index++)
        {
            var (account, version) = found.Legs[index];
            if (await books.Of(shard).EntryAsync(found.Legs[index], cancel) is not { } entry
                || entry.TransactionId != found.Id)
                return $"entry {version} of account {account} is missing";
            var isRight = index < part.Legs.Length
                ? (account, entry.AmountMinor) == (part.Legs[index].AccountId, part.Legs[index].AmountMinor)
                : part.Legs.Select(leg => leg.Currency).Distinct().Any(currency =>
                    account == ledger.SystemAccounts.ClearingId(Currency.Parse(currency), shard, owner));
            if (!isRight) return $"entry {version} of account {account} is not a leg of its part";
        }

        return null;
    }
}
