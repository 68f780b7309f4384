using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// Accepts ISO 20022 credit transfer files and returns status reports. A file is stored durably before it is
/// acknowledged, each of its payments is made once, and an import that a restart interrupts continues. The same file
/// again returns the same import; a message id that one of the debtors used with other content is refused (DU01).
/// </summary>
public sealed class PaymentImports : IAsyncDisposable
{
    private readonly ImportStore _store;
    private readonly ImportPorts _seam;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _accepting = new(1, 1);
    private readonly SemaphoreSlim _reading = new(PaymentLimits.ImportsReading, PaymentLimits.ImportsReading);
    private readonly SemaphoreSlim _running = new(PaymentLimits.ImportsRunning, PaymentLimits.ImportsRunning);
    private readonly ConcurrentDictionary<Guid, ImportRun> _runs = new();
    private readonly ConcurrentDictionary<Guid, Task> _tasks = new();
    private readonly ImportFaults _faults = new();

    private PaymentImports(string directory, ImportPorts seam, TimeProvider time, ILogger logger)
    {
        Directory.CreateDirectory(directory);
        (_store, _seam, _time, _logger) = (new ImportStore(directory), seam, time, logger);
    }

    /// <summary>Opens the folder of imports and continues the unfinished ones.</summary>
    public static PaymentImports Start(string directory, ImportPorts seam, TimeProvider time, ILogger logger)
    {
        var imports = new PaymentImports(directory, seam, time, logger);
        foreach (var importId in imports._store.Pending()) imports.Launch(importId);
        return imports;
    }

    /// <summary>The import that is being retried, and why; null if there is none.</summary>
    public string? Fault => _faults.Sentence;

    /// <summary>Accepts a file; it is durable when this returns. Its payments follow.</summary>
    /// <exception cref="TidelineException">InvalidInput: not a pain.001, malformed or over a limit. ShuttingDown.
    /// StorageUnavailable.</exception>
    public async Task<ImportAcceptance> AcceptAsync(Stream xml, CancellationToken cancel)
    {
        if (_stopping.IsCancellationRequested)
            throw new TidelineException(ErrorCode.ShuttingDown, "The program is draining; send the file again later.");
        using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(PaymentLimits.ImportUploadMs), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var file = await _store.StageAsync(xml, either.Token);
            var message = await ReadAsync(file, either.Token);
            // One at a time from here, so that two copies that arrive together become one import.
            await _accepting.WaitAsync(cancel);
            try
            {
                return Accept(file, message);
            }
            finally
            {
                _accepting.Release();
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TidelineException(ErrorCode.InvalidInput,
                $"The file did not arrive, or was not parsed, within {PaymentLimits.ImportUploadMs / 1_000} s.");
        }
        // Exactly this type means a full or read-only disk; a client that disconnects in mid-file throws a derived
        // type.
        catch (Exception fault) when (fault.GetType() == typeof(IOException) || fault is UnauthorizedAccessException)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"The file cannot be stored: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// The state of an import, with one page of results from a place in the file; null if there is no such import.
    /// </summary>
    public ValueTask<ImportStatus?> GetAsync(Guid importId, int from, int limit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // Read the run first: if it has just ended, the manifest that is read next is the finished one.
        var run = _runs.GetValueOrDefault(importId);
        return ValueTask.FromResult(_store.Find(importId) is { } manifest
            ? Status(manifest, run, Math.Max(from, 0), Math.Clamp(limit, 1, PaymentLimits.ImportPayments))
            : null);
    }

    /// <summary>Writes the pain.002 of an import in its present state.</summary>
    /// <returns>False, with nothing written, if there is no such import.</returns>
    public async Task<bool> WriteStatusReportAsync(Guid importId, Stream output, CancellationToken cancel)
    {
        if (await GetAsync(importId, 0, PaymentLimits.ImportPayments, cancel) is not { } status) return false;
        await Pain002Writer.WriteAsync(status, _time.GetUtcNow(), output, cancel);
        return true;
    }

    /// <summary>Stops between payments; the rest continues at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await Task.WhenAll(_tasks.Values);
        _stopping.Dispose();
        _reading.Dispose();
        _accepting.Dispose();
        _running.Dispose();
    }

    // A message is held in memory as a whole, so the number read concurrently is limited.
    private async Task<Pain001Message> ReadAsync(StagedFile file, CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        try
        {
            await using var read = new FileStream(file.Path, FileMode.Open, FileAccess.Read);
            return Pain001Reader.Read(read, cancel);
        }
        finally
        {
            _reading.Release();
        }
    }

    private ImportAcceptance Accept(StagedFile file, Pain001Message message)
    {
        var importId = ImportIdOf(file.Sha256);
        if (_store.Find(importId) is { } known)
        {
            // A disk fault at the very end of the acceptance may have left the import without a run.
            if (known is { Finished: false, Refused: null } && !_tasks.ContainsKey(importId)) Launch(importId);
            var status = Status(known, _runs.GetValueOrDefault(importId), 0, 1);
            return new ImportAcceptance(importId, true, status.GroupStatus, status.Reason);
        }

        var refused = ControlChecks.Check(message);
        var claims = MessageClaims.Of(message);
        if (_store.FindOther(claims, importId) is { } other)
        {
            var words = $"MsgId '{message.MessageId}' was used with other content for a debtor account of this file, "
                + $"by import {other}.";
            refused = new StatusReason(StatusReasonCodes.DuplicateMessageId, words);
        }

        _store.Accept(file, new ImportManifest
        {
            ImportId = importId,
            MessageName = message.Name,
            MessageId = message.MessageId,
            CreatedAt = message.CreatedAt,
            InitiatingParty = message.InitiatingParty,
            Payments = message.Count,
            Sum = message.Sum,
            Sha256 = Convert.ToHexStringLower(file.Sha256),
            ReceivedUs = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000,
            Refused = refused,
        }, claims);
        if (refused is null) Launch(importId);
        return new ImportAcceptance(
            importId, false, refused is null ? PaymentStatus.Accepted : PaymentStatus.Rejected, refused);
    }

    private void Launch(Guid importId) => _tasks[importId] = Background.Run(() => RunAsync(importId, _stopping.Token));

    private async Task RunAsync(Guid importId, CancellationToken cancel)
    {
        try
        {
            while (!await TryRunAsync(importId, cancel))
                await Task.Delay(TimeSpan.FromMilliseconds(PaymentLimits.ImportRetryMaxMs), _time, cancel);
            _tasks.TryRemove(importId, out _);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Continues at the next start.
        }
    }

    private async Task<bool> TryRunAsync(Guid importId, CancellationToken cancel)
    {
        await _running.WaitAsync(cancel);
        var isSlotHeld = true;
        void Release()
        {
            if (isSlotHeld) _running.Release();
            isSlotHeld = false;
        }

        try
        {
            var manifest = _store.Find(importId)
                ?? throw new TidelineException(ErrorCode.Corrupt, $"Import {importId} has no manifest.");
            ImportRun run;
            await using (var file = _store.OpenMessage(importId)) run = new ImportRun(Pain001Reader.Read(file, cancel));
            // Only now: until then, the results stored by earlier runs are authoritative.
            await run.RunAsync(
                _store.ResultsPath(importId), new PaymentExecution(_seam, manifest, _faults, _time, _logger), _time,
                () => _runs[importId] = run, Release, () => _faults.Clear(importId, ""), cancel);
            _store.Finish(
                manifest with { Finished = true, Settled = run.Settled, Rejected = run.Rejected }, run.Results);
            _runs.TryRemove(importId, out _);
            _faults.Clear(importId);
            ImportLog.ImportFinished(_logger, importId, run.Settled, run.Rejected);
            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            ImportLog.ImportFaulted(_logger, importId, fault);
            _faults.Set(importId, "", "all of it", fault.Message);
            return false;
        }
        finally
        {
            // Transfers that wait for an operator must not block other files, so the slot may already be free.
            Release();
        }
    }

    private ImportStatus Status(ImportManifest manifest, ImportRun? run, int from, int limit)
    {
        var received = DateTimeOffset.UnixEpoch.AddMicroseconds(manifest.ReceivedUs);
        // :: Finished: from disk. Running: from memory. Waiting for its turn, possibly after a restart: the results
        // stored so far.
        IReadOnlyList<PaymentResult> results = manifest.Finished || manifest.Refused is not null ? []
            : run is not null ? run.Results : _store.ReadJournal(manifest.ImportId);
        IReadOnlyList<PaymentResult> page = manifest.Finished
            ? _store.ReadResults(manifest.ImportId, from, limit)
            : [.. results.Skip(from).Take(limit)];
        var (settled, rejected) = manifest.Finished ? (manifest.Settled, manifest.Rejected)
            : manifest.Refused is not null ? (0, manifest.Payments)
            : run is not null ? (run.Settled, run.Rejected)
            : (results.Count(result => result.Status == PaymentStatus.Settled),
                results.Count(result => result.Status == PaymentStatus.Rejected));
        return new ImportStatus(
            manifest.ImportId, manifest.MessageName, manifest.MessageId, manifest.CreatedAt, manifest.InitiatingParty,
            received,
            PaymentStatus.OfGroup(manifest.Payments, settled, rejected, settled + rejected == manifest.Payments
                || run?.IsAllTried == true), manifest.Refused, manifest.Payments, settled, rejected,
            manifest.Payments - settled - rejected,
            manifest.Sum, page, from + page.Count < manifest.Payments && page.Count > 0 ? from + page.Count : null);
    }

    private static Guid ImportIdOf(ReadOnlySpan<byte> sha256)
    {
        Span<byte> hash = stackalloc byte[16];
        sha256[..16].CopyTo(hash);
        // A UUID of version 8 (RFC 9562) derived from a hash, so that the same file gives the same import.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
