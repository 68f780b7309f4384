using System.Globalization;
using System.Text.Json;
using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;

namespace Tideline.Consistency;

/// <summary>
/// I13: each saga matches its entries. A completed saga has every posting of its definition with the right accounts and
/// amounts; a compensated one has its debit and its refund (or the transfer to suspense) and no credit; a running one
/// has its debit. Everything answered as done exists. All unfinished sagas are checked; ended ones page by page, a
/// bounded number of pages spread over time unless <c>deep</c>. One page is in memory.
/// </summary>
internal sealed class SagaCheck(GeneralLedger ledger, SagaDefinitions definitions, TimeProvider time, int shard,
    bool deep, Action<long> advanced)
{
    private static readonly SagaState[] Ended =
    [
        SagaState.Compensated,
        SagaState.Suspended,
        SagaState.PaidOut,
        SagaState.Completed,
    ];
    private readonly SagaBooks _books = new(ledger);
    private readonly IShardReader _reader = ledger.Reader(shard);
    private readonly List<string> _findings = [];
    private long _seen;

    private bool IsFull => _findings.Count >= AuditLimits.VerifyFindings;

    /// <summary>The findings, and the number of sagas checked.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Seen)> RunAsync(CancellationToken cancel)
    {
        await WalkAsync(null, isWhole: true, cancel);
        foreach (var state in Ended)
            await WalkAsync(state, deep, cancel);
        if (!IsFull)
            await CheckAnswersAsync(cancel);
        if (!IsFull)
            _findings.AddRange(await new TransactionCheck(ledger, _books).FindLeftAsync(shard, cancel));
        return (_findings, _seen);
    }

    private async Task WalkAsync(SagaState? state, bool isWhole, CancellationToken cancel)
    {
        var (after, firstMs, nowMs) = (Guid.Empty, -1L, time.GetUtcNow().ToUnixTimeMilliseconds());
        for (var page = 1; !IsFull; page++)
        {
            var rows = await _reader.GetSagasAsync(state, after, Limits.PageRows, cancel);
            advanced(_seen);
            await _books.ReadAheadAsync(rows.SelectMany(BookedBy), cancel);
            foreach (var row in rows)
            {
                if (!IsFull && await FaultAsync(row, cancel) is { } fault)
                    _findings.Add(fault);
                _seen++;
            }

            if (rows.Count < Limits.PageRows)
                return;
            after = rows[^1].Id;
            if (isWhole)
                continue;
            if (page >= VerifyLimits.SagaPages)
                return;
            if (firstMs < 0)
                firstMs = Math.Min(MsOf(rows[0].Id), nowMs);
            // The first half of the pages are consecutive; the others are spread over the rest.
            var spread = IdAt(firstMs + (nowMs - firstMs) * page / VerifyLimits.SagaPages);
            if (page >= VerifyLimits.SagaPages / 2 && spread.CompareTo(after) > 0)
                after = spread;
        }
    }

    // The transactions that a saga may have made. One that cannot be read names none; its own check says so.
    private List<(int Shard, Guid Transaction)> BookedBy(SagaRow row)
    {
        try
        {
            return row.Definition == SetAside.Definition ? []
                : row.Definition == TransactionSaga.Name ? [.. new TransactionCheck(ledger, _books).PartsOf(row)]
                : [.. Expected(row, DataOf(row)).Select(one =>
                    (ledger.Map.ShardOf(one.Posting.AccountId), one.Posting.TransactionId))];
        }
        catch (Exception broken) when (broken is JsonException or TidelineException { IsTransient: false })
        {
            return [];
        }
    }

    // A saga that advanced during its check is checked again, with what was booked meanwhile.
    private async ValueTask<string?> FaultAsync(SagaRow row, CancellationToken cancel)
    {
        for (var books = _books; ; books = new SagaBooks(ledger))
        {
            string? fault;
            try
            {
                fault = await JudgeAsync(row, books, cancel);
            }
            catch (Exception broken) when (broken is JsonException or TidelineException { IsTransient: false })
            {
                fault = $"it cannot be read: {broken.Message}";
            }

            if (fault is null)
                return null;
            var now = await _reader.GetSagaAsync(row.Id, cancel);
            if (now is null)
                return null;
            if (now.State == row.State && now.Step == row.Step && now.UpdatedUs == row.UpdatedUs)
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"Saga {row.Id} on shard {shard} is {row.State.Word()}, but {fault}.");
            row = now;
        }
    }

    private async ValueTask<string?> JudgeAsync(SagaRow row, SagaBooks books, CancellationToken cancel)
    {
        if (row.Definition == SetAside.Definition)
            return null;
        if (row.Definition == TransactionSaga.Name)
            return await new TransactionCheck(ledger, books).JudgeAsync(row, shard, cancel);
        var data = DataOf(row);
        foreach (var (posting, must, what) in Expected(row, data))
        {
            var booked = await books.FindAsync(posting, row.Id, shard, cancel);
            if (must && booked is null)
                return $"{what} of {posting.AmountMinor} {posting.Currency} on account {posting.AccountId} is missing";
            if (must && booked?.Fault is { } fault)
                return $"{what} is wrong: {fault}";
            if (!must && booked is { Fault: null })
                return $"{what} on account {posting.AccountId} was made";
        }

        return
            row is { State: SagaState.PaidOut }
            && data.PayoutId is { } payout
            && await _reader.GetSagaAsync(payout, cancel) is null
            ? $"its payout {payout} is missing"
            : null;
    }

    private static SagaData DataOf(SagaRow row) => SagaJson.Read(row.Data, SagaJson.Default.SagaData);

    private IEnumerable<(SagaPosting Posting, bool Must, string What)> Expected(SagaRow row, SagaData data)
    {
        var definition = definitions.Of(row);
        var suspense = ledger.SystemAccounts.Id(AccountKind.Suspense, Currency.Parse(data.Currency), shard);
        // The present step of an unfinished saga is not done; an ended saga has done all steps, or all before its
        // pivot.
        var done =
            row.State == SagaState.Completed ? definition.Steps.Count
            : row.State.IsUnfinished() ? row.Step
            : definition.PivotStep;
        var isUndone = row.State is SagaState.Compensated or SagaState.Suspended or SagaState.PaidOut;
        var isSuspended = row.State is SagaState.Suspended or SagaState.PaidOut;
        for (var index = 0; index < definition.Steps.Count; index++)
        {
            var step = definition.Steps[index];
            if (step.Forward is { } forward && (index < done || isUndone))
                yield return (forward(data, row.Id), index < done, $"step {step.Name}");
            if (step.Compensation is not { } compensation || index >= done)
                continue;
            var refund = compensation(data, row.Id);
            yield return (refund, row.State == SagaState.Compensated, $"the compensation of step {step.Name}");
            yield return (
                SagaPostings.ToSuspense(refund, row.Id, suspense), isSuspended,
                $"the transfer of step {step.Name} to suspense");
        }

        if (isSuspended)
            yield return (
                PayOut.PostingOf(row.Id, data), row.State == SagaState.PaidOut && data.PayoutId is null, "the payout");
    }

    // Everything answered as done exists. The newest answers are checked, since they show a present fault.
    private async Task CheckAnswersAsync(CancellationToken cancel)
    {
        var answers = await _reader.GetLastOutcomesAsync(
            deep ? VerifyLimits.OutcomesDeep : VerifyLimits.Outcomes, cancel);
        foreach (var page in answers.Chunk(Limits.PageRows))
        {
            var done = page.Where(outcome => outcome.Kind == OutcomeKind.Done).Select(outcome => outcome.Subject);
            await _books.ReadAheadAsync(done.Select(subject => (shard, subject)), cancel);
            var keys = new BatchKeys();
            foreach (var outcome in page)
            {
                if (outcome.Kind == OutcomeKind.Saga) keys.Aggregates.Add(outcome.Subject);
                else if (outcome.Kind == OutcomeKind.Done
                    && await _books.Of(shard).TransactionAsync(outcome.Subject, cancel) is null)
                    keys.AddNew(outcome.Subject);
            }

            var rows = await _reader.GetRowsAsync(keys, cancel);
            foreach (var outcome in page)
            {
                if (await FaultAsync(outcome, rows, cancel) is { } fault)
                    _findings.Add(fault);
                if (IsFull)
                    return;
            }
        }
    }

    private async ValueTask<string?> FaultAsync(OutcomeRow outcome, BatchRows rows, CancellationToken cancel)
    {
        var id = outcome.Subject;
        var isThere = true;
        if (outcome.Kind == OutcomeKind.Saga)
        {
            isThere = rows.Aggregates.TryGetValue(id, out var row) && SagaStore.IsSaga(row);
        }
        else if (outcome.Kind == OutcomeKind.Done)
        {
            // A transfer within its shard has no row: its transaction is the saga.
            if (await _books.Of(shard).TransactionAsync(id, cancel) is { } made)
            {
                return definitions.Within(made) is { } saga
                    && await _books.FaultOfLegsAsync(shard, made, cancel) is { } fault
                    ? $"Saga {saga.Id} on shard {shard} is {saga.State.Word()}, but {fault}."
                    : null;
            }

            isThere = rows.Accounts.ContainsKey(id) || rows.Customers.ContainsKey(id) || rows.Holds.ContainsKey(id)
                || rows.Aggregates.ContainsKey(id);
        }

        return isThere
            ? null
            : $"Shard {shard} answered {id} as done, but it does not exist there.";
    }

    private static long MsOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }

    private static Guid IdAt(long ms)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, ms << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
