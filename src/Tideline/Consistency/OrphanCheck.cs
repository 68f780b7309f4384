using System.Globalization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// Documents that nothing of the ledger stands behind. Their events are committed before they are written, so whatever
/// is found is wrong. An ordinary check looks only for those whose ids are no texts.
/// </summary>
internal sealed class OrphanCheck(
    GeneralLedger ledger, IViewStore views, ViewNames names, bool deep, List<string> findings)
{
    private readonly Dictionary<int, long> _heads = [];

    public async Task FindAsync(CancellationToken cancel)
    {
        foreach (var definition in names.Definitions)
        {
            foreach (var id in await views.FindForeignAsync(definition.Name, Limits.PageRows, cancel))
            {
                if (findings.Count < Limits.VerifyFindings)
                    findings.Add($"A document of {definition.Name} with the id {id} was written by another program.");
            }
        }

        if (!deep) return;
        await EachAsync(names.Customers, async id =>
            Guid.TryParse(id, out var customer)
                && await ledger.ReaderOf(customer).GetCustomerAsync(customer, cancel) is not null
                ? null : $"Customer document {id} belongs to no customer of the ledger.", cancel);
        await EachAsync(names.Transactions, async id => await HasEntryAsync(id, cancel)
            ? null
            : $"Transaction document {id} belongs to no entry of the ledger.", cancel);
        await EachAsync(
            names.Events, async id =>
                await HasEventAsync(id, cancel) ? null
                : $"Event document {id} belongs to no event of the ledger.", cancel);
    }

    private async Task<bool> HasEventAsync(string id, CancellationToken cancel)
    {
        if (id.Split(':') is not [var left, var right]
            || !int.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
            || !long.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
                || shard >= ledger.Map.Shards
            || ArchivedEvent.IdOf(new Position(shard, seq)) != id)
        {
            return false;
        }

        // Nothing is ever taken off the events of a shard, so one that is not beyond its head is there.
        if (seq > _heads.GetValueOrDefault(shard))
            _heads[shard] = (await ledger.Reader(shard).GetHeadAsync(cancel)).EventSeq;
        return seq >= 1 && seq <= _heads[shard];
    }

    private async Task<bool> HasEntryAsync(string id, CancellationToken cancel)
    {
        if (id.Split(':') is not [var left, var right]
            || !Guid.TryParse(left, out var transactionId) || !Guid.TryParse(right, out var accountId)) return false;
        var transaction = await ledger.ReaderOf(accountId).GetTransactionAsync(transactionId, cancel);
        return transaction is not null && transaction.Legs.Any(leg => leg.AccountId == accountId);
    }

    private async Task EachAsync(string collection, Func<string, Task<string?>> judge, CancellationToken cancel)
    {
        string? after = null;
        while (findings.Count < Limits.VerifyFindings)
        {
            var page = await views.QueryAsync(
                new DocumentQuery(collection, new Dictionary<string, object>(), null, null,
                    null, Descending: false, [], null, after is null ? null : ("", after), Limits.PageRows), cancel);
            if (page.Count == 0) return;
            foreach (var document in page)
            {
                if (await judge(document.Id) is { } finding && findings.Count < Limits.VerifyFindings)
                    findings.Add(finding);
            }

            after = page[^1].Id;
        }
    }
}
