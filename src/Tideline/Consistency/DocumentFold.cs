using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// Compares one document with the fold of its events from the ledger: exactly those that the document's clock covers.
/// </summary>
internal sealed class DocumentFold(ProjectionDefinition definition, string key)
{
    private readonly DocumentCollection _documents = definition.Documents!;
    private object? _stored;
    private object? _folded;
    private bool _isUnreadable;
    private string? _fault;
    private Position? _due;

    /// <summary>Whether there is a document to compare.</summary>
    public bool HasDocument => _stored is not null || _isUnreadable;

    private string Subject => $"Document {key} of {_documents.Name}";

    /// <summary>Takes the stored document.</summary>
    public void Read(Document document, List<string> findings)
    {
        _stored = _documents.Read(document, out var damage);
        if (damage is null) return;
        _isUnreadable = true;
        findings.Add($"{Subject} is damaged: {damage}.");
    }

    /// <summary>
    /// Folds an event if the document contains it; returns whether it added rows. If <paramref name="isDue"/>, the
    /// document must contain the event.
    /// </summary>
    public bool Add(ProjectedEvent happened, bool isDue)
    {
        if (!_documents.Covers(_stored, happened.Event))
        {
            if (isDue) _due ??= happened.Event.Position;
            return false;
        }

        try
        {
            if (!_documents.Covers(_folded, happened.Event))
                _folded = ViewApplier.Apply(definition, _folded, key, happened);
            return true;
        }
        // The fold is pure: any exception concerns only this event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _fault ??= fault.Message;
            return false;
        }
    }

    /// <summary>What is wrong with the document; null if nothing is.</summary>
    public string? Judge(DateOnly today)
    {
        if (_isUnreadable) return null;
        if (_stored is null) return _due is { } first
            ? $"{Subject} is missing, though the views are past its event at {first}."
            : null;
        if (_due is { } due) return $"{Subject} lacks the event at {due}, though the views are past it.";
        if (_fault is not null) return $"{Subject} holds an event that cannot be folded. {_fault}";
        if (_folded is null || !_documents.HaveSameClock(_folded, _stored))
            return $"{Subject} holds events that the ledger does not have.";
        // The stored document may not have been aged yet, so both are compared as of today.
        return _documents.BytesOn(_folded, today).AsSpan().SequenceEqual(_documents.BytesOn(_stored, today))
            ? null
            : $"{Subject} is not the fold of its events.";
    }
}
