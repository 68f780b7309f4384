using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Compares two versions of the views, all three collections. Customers with the same clock hold the same events, so
/// they must be equal whatever else goes on; those whose clocks differ are in motion. Transactions and archived events
/// are written once and never change, so they are equal or not there yet.
/// </summary>
internal sealed class ViewComparison
{
    private readonly DeadLetterQueue _letters;
    private readonly DateOnly _today;
    private readonly CollectionComparison[] _collections;

    public ViewComparison(IViewStore views, ViewNames live, ViewNames built, DeadLetterQueue letters, DateOnly today)
    {
        (_letters, _today) = (letters, today);
        _collections =
        [
            new CollectionComparison(views, "customers", live.Customers, built.Customers, JudgeCustomer),
            new CollectionComparison(views, "transactions", live.Transactions, built.Transactions, JudgeTransaction),
            new CollectionComparison(views, "events", live.Events, built.Events, JudgeConstant),
        ];
    }

    public IReadOnlyList<ComparedCollection> Results => [.. _collections.Select(collection => collection.Result)];

    /// <summary>
    /// Compares everything while both versions change; <paramref name="goesOn"/> is called now and then.
    /// </summary>
    public async Task CompareAllAsync(Action goesOn, CancellationToken cancel)
    {
        foreach (var collection in _collections) await collection.CompareAllAsync(goesOn, cancel);
    }

    /// <summary>
    /// Compares what these events made, after the built version has folded them: the live one, which is never behind
    /// it, has it all too. So nothing that arrives while the collections are walked is left out.
    /// </summary>
    public async Task CompareFoldedAsync(IReadOnlyList<ProjectedEvent> events, CancellationToken cancel)
    {
        await _collections[0].CompareAsync([.. events.Where(each => each.Event.Type == EventType.CustomerCreated)
            .Select(each => each.Key.ToString())], isStill: false, cancel);
        await _collections[1].CompareAsync([.. events.Select(each => TransactionId(each.Event))
            .OfType<string>().Distinct(StringComparer.Ordinal)], isStill: true, cancel);
        await _collections[2]
            .CompareAsync([.. events.Select(each => ArchivedEvent.IdOf(each.Event.Position))], isStill: true, cancel);
    }

    /// <summary>
    /// Compares what was in motion; when <paramref name="isStill"/>, both versions stand at the same positions.
    /// </summary>
    public async Task CompareMovingAsync(bool isStill, CancellationToken cancel)
    {
        foreach (var collection in _collections) await collection.CompareMovingAsync(isStill, cancel);
    }

    private Agreement JudgeCustomer(string id, Document? live, Document? built, bool isStill)
    {
        if (live?.Damage is not null) return Agreement.Differs;
        if (Guid.TryParse(id, out var customer) && _letters.IsBlocked(customer)) return Agreement.Blocked;
        if (AreSame(live, built)) return Agreement.Same;
        if (live is null || built is null) return isStill ? Agreement.Differs : Agreement.Moving;
        if (StoredView.Customer(live, out _) is not { } left || StoredView.Customer(built, out _) is not { } right)
            return Agreement.Differs;
        if (!isStill && !left.Clock.SequenceEqual(right.Clock)) return Agreement.Moving;
        return Bytes(left).AsSpan().SequenceEqual(Bytes(right)) ? Agreement.Same : Agreement.Differs;
    }

    private Agreement JudgeTransaction(string id, Document? live, Document? built, bool isStill)
    {
        // What the live version lacks may wait among the dead letters of its customer.
        if (live is null && built is not null && StoredView.Transaction(built, out _) is { } entry
            && _letters.IsBlocked(entry.CustomerId)) return Agreement.Blocked;
        return JudgeConstant(id, live, built, isStill);
    }

    private static Agreement JudgeConstant(string id, Document? live, Document? built, bool isStill)
    {
        if (AreSame(live, built)) return Agreement.Same;
        return isStill || (live is not null && built is not null) ? Agreement.Differs : Agreement.Moving;
    }

    private static bool AreSame(Document? live, Document? built) => live is null || built is null
        ? live is null && built is null
        : live.Damage is null && built.Damage is null && live.Json.Span.SequenceEqual(built.Json.Span);

    // An event that cannot be folded made no transaction, here or there.
    private static string? TransactionId(LedgerEvent happened)
    {
        try
        {
            return Fold.Transaction(happened, EventData.Parse(happened.Data.Span)) is { } entry
                ? TransactionDocument.IdOf(entry.TransactionId, entry.AccountId)
                : null;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return null;
        }
    }

    // Aging may have reached one and not yet the other.
    private byte[] Bytes(CustomerDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(Fold.Age(document, _today), ViewJson.Default.CustomerDocument);
}
