using System.Collections.Concurrent;
using Tideline.Kernel;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;
using Tideline.Tests.Services.Payments.Iso20022;

namespace Tideline.Tests.Services.Payments.Imports;

/// <summary>
/// Transfers by key, as the real service makes them: the same key answers what the first one answered, and refuses
/// another request.
/// </summary>
internal sealed class FakeBank
{
    private readonly ConcurrentDictionary<Guid, (Guid Fingerprint, TransferReply Reply)> _replies = new();
    private readonly ConcurrentDictionary<Guid, Guid> _messages = new();
    private readonly IdGenerator _ids = new(TimeProvider.System, 7);

    public Dictionary<string, Guid> Accounts { get; } = new()
    {
        [Pain001Sample.Anna] = new Guid("00000000-0000-0000-0000-00000000000a"),
        [Pain001Sample.Ben] = new Guid("00000000-0000-0000-0000-00000000000b"),
        [Pain001Sample.Carla] = new Guid("00000000-0000-0000-0000-00000000000c"),
    };

    public ConcurrentQueue<TransferRequest> Made { get; } = new();

    /// <summary>Decides a transfer that was not made yet; may wait or throw.</summary>
    public Func<TransferRequest, CancellationToken, Task<TransferReply>>? Decide { get; set; }

    public ConcurrentDictionary<Guid, TransferStatus> Later { get; } = new();

    public ImportPorts Seam => new(
        (key, importId, _) => Task.FromResult(_messages.GetOrAdd(key, importId) == importId),
        (iban, _) => ValueTask.FromResult(Accounts.TryGetValue(iban, out var account) ? account : (Guid?)null),
        (account, _) => ValueTask.FromResult<Guid?>(account),
        TransferAsync,
        (id, _) => Task.FromResult(Later.TryGetValue(id, out var status)
            ? new TransferDetails(id, default, default, default, null, status, null, default, [])
            : null));

    public TransferReply Reply(TransferStatus status, RefusalReason? reason = null) =>
        new(_ids.Next(), status, 0, reason is { } why ? new Refusal(why, "No: " + why + ".") : null, []);

    private async Task<TransferReply> TransferAsync(TransferRequest request, CancellationToken cancel)
    {
        if (_replies.TryGetValue(request.Key, out var known))
            return known.Fingerprint == request.Fingerprint
                ? known.Reply
                : Reply(TransferStatus.Refused, RefusalReason.IdempotencyKeyReused);
        var reply = Decide is null ? Reply(TransferStatus.Settled) : await Decide(request, cancel);
        if (_replies.TryAdd(request.Key, (request.Fingerprint, reply)) && reply.Status != TransferStatus.Refused)
            Made.Enqueue(request);
        return _replies[request.Key].Reply;
    }
}
