using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// A running import: payments of one debtor in the order of the file, debtors concurrently. After a restart it
/// continues after the stored results; a payment without a stored result is requested again under its key.
/// </summary>
internal sealed class ImportRun
{
    private readonly PaymentResult[] _results;
    private readonly (PaymentInstruction Instruction, PaymentOrder Payment)[] _payments;
    private int _settled, _rejected;
    private Action? _goesWell;

    public ImportRun(Pain001Message message)
    {
        _payments = [.. message.Instructions.SelectMany(
            instruction => instruction.Payments.Select(payment => (instruction, payment)))];
        _results = [.. _payments.Select(
            (pair, index) => PaymentExecution.Result(index, pair.Instruction, pair.Payment, PaymentStatus.Pending))];
    }

    /// <summary>Every payment has been tried.</summary>
    public bool IsAllTried { get; private set; }

    public int Settled => Volatile.Read(ref _settled);

    public int Rejected => Volatile.Read(ref _rejected);

    /// <summary>Results in the order of the file, up to the last stored one.</summary>
    public IReadOnlyList<PaymentResult> Results => _results;

    /// <summary>
    /// Completes when every payment is final and its result is stored. <paramref name="resumed"/> is called when the
    /// results of earlier runs have been read back, <paramref name="allTried"/> once only slow transfers are left,
    /// <paramref name="goesWell"/> from time to time when there is progress.
    /// </summary>
    public async Task RunAsync(
        string resultsPath, PaymentExecution execution, TimeProvider time, Action resumed, Action allTried,
        Action goesWell, CancellationToken cancel)
    {
        await using var journal = ResultJournal.Open(resultsPath, Record);
        // Reading back earlier results is no progress.
        _goesWell = goesWell;
        resumed();
        var lanes = _results.Where(result => !result.IsFinal).Select(result => result.Index)
            .GroupBy(index => MessageClaims.Payer(_payments[index].Instruction), StringComparer.Ordinal).ToArray();
        var options =
            new ParallelOptions
            {
                MaxDegreeOfParallelism = PaymentLimits.ImportDebtorsInFlight,
                CancellationToken = cancel,
                TaskScheduler = TaskScheduler.Current,
            };
        await Parallel.ForEachAsync(lanes, options, async (lane, stop) =>
        {
            // A block that is refused as a whole does not use up the message id: the sender can correct it and send it
            // again.
            var pays = lane.Any(index => _payments[index].Instruction.Breach is null);
            var duplicate = pays ? await execution.TakeMessageAsync(lane.Key, stop) : null;
            foreach (var index in lane)
            {
                var (instruction, payment) = _payments[index];
                var result = duplicate is null
                    ? await execution.ExecuteAsync(index, instruction, payment, stop)
                    : PaymentExecution.Result(
                        index, instruction, payment, PaymentStatus.Rejected, reason: duplicate);
                if (result.IsFinal) await journal.AddAsync(result, stop);
                else Volatile.Write(ref _results[index], result);
            }
        });
        IsAllTried = true;
        allTried();
        await SettleAsync(execution, journal, time, cancel);
    }

    private async Task SettleAsync(
        PaymentExecution execution, ResultJournal journal, TimeProvider time, CancellationToken cancel)
    {
        while (true)
        {
            var isAnyPending = false;
            for (var index = 0; index < _results.Length; index++)
            {
                var pending = Volatile.Read(ref _results[index]);
                if (pending.IsFinal) continue;
                if (await execution.SettleAsync(pending, cancel) is { } result) await journal.AddAsync(result, cancel);
                else isAnyPending = true;
            }

            if (!isAnyPending) return;
            _goesWell?.Invoke();
            await Task.Delay(TimeSpan.FromMilliseconds(PaymentLimits.ImportPendingPollMs), time, cancel);
        }
    }

    private void Record(PaymentResult result)
    {
        _goesWell?.Invoke();
        if (_results[result.Index].IsFinal) return;
        Volatile.Write(ref _results[result.Index], result);
        if (result.Status == PaymentStatus.Settled) Interlocked.Increment(ref _settled);
        else Interlocked.Increment(ref _rejected);
    }
}
