using System.Text.Json;
using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// One customer's document beside the fold of the same events from the ledger: exactly those that the document's clock
/// covers.
/// </summary>
internal sealed class CustomerFold
{
    private CustomerDocument? _stored;
    private CustomerDocument? _folded;
    private bool _isUnreadable;
    private string? _fault;
    private Position? _due;

    /// <summary>Whether there is something to compare.</summary>
    public bool HasDocument => _stored is not null || _isUnreadable;

    /// <summary>Takes the document as it stands in the store.</summary>
    public void Read(Document document, List<string> findings)
    {
        _stored = StoredView.Customer(document, out var damage);
        if (damage is null) return;
        _isUnreadable = true;
        findings.Add($"Customer document {document.Id} is damaged: {damage}.");
    }

    /// <summary>
    /// Folds an event if the document has it; answers the entry that it records. An event that <paramref name="isDue"/>
    /// must be there.
    /// </summary>
    public TransactionDocument? Add(LedgerEvent happened, bool isDue)
    {
        if (!Fold.Covers(_stored, happened))
        {
            if (isDue) _due ??= happened.Position;
            return null;
        }

        try
        {
            var data = EventData.Parse(happened.Data.Span);
            _folded = Fold.Apply(_folded, happened, data);
            return Fold.Transaction(happened, data);
        }
        // The fold is pure: whatever it throws is about this one event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _fault ??= fault.Message;
            return null;
        }
    }

    /// <summary>What is wrong with the document; null when nothing is.</summary>
    public string? Judge(Guid id, DateOnly today)
    {
        if (_isUnreadable) return null;
        if (_stored is null) return _due is { } first
            ? $"Customer document {id} is missing, though the views are past its event at {first}."
            : null;
        if (_due is { } due) return $"Customer document {id} lacks the event at {due}, though the views are past it.";
        if (_fault is not null) return $"Customer document {id} holds an event that cannot be folded. {_fault}";
        if (_folded is null || !_folded.Clock.SequenceEqual(_stored.Clock))
            return $"Customer document {id} holds events that the ledger does not have.";
        return Bytes(_folded, today).AsSpan().SequenceEqual(Bytes(_stored, today))
            ? null
            : $"Customer document {id} is not the fold of its events.";
    }

    /// <summary>Whether a stored transaction document says what an event says.</summary>
    public static bool IsSame(Document stored, TransactionDocument entry) =>
        StoredView.Transaction(stored, out _) == entry;

    // Aging may have reached the document or not yet.
    private static byte[] Bytes(CustomerDocument document, DateOnly today) =>
        JsonSerializer.SerializeToUtf8Bytes(Fold.Age(document, today), ViewJson.Default.CustomerDocument);
}
