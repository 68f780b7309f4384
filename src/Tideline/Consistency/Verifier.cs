using System.Globalization;
using System.Text.Json;
using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// Checks the invariants of ledger and log while traffic runs: every check reads committed snapshots and positions,
/// never "now".
/// </summary>
public sealed class Verifier(GeneralLedger ledger, ServiceCatalog services, ILog log, IViewStore? views,
    ProjectionHost? projections, TimeProvider time, string? viewsAway = null)
{
    private volatile VerifyProgress _progress = new("");

    /// <summary>Where the verification is; any thread may ask.</summary>
    public VerifyProgress Progress => _progress;

    /// <summary>
    /// Runs every check over every shard. A finding is a sentence that names the account, event, block, record or
    /// document. <paramref name="deep"/>: checks every document and every record of the log instead of a bounded
    /// sample. I8 is left out if there are no views.
    /// </summary>
    public async Task<VerifyReport> VerifyAsync(bool deep, CancellationToken cancel)
    {
        var (clearing, holds) = (new ClearingCheck(ledger, services.Sagas), new HoldIdCheck(ledger));
        List<VerifyCheck> checks =
        [
            await CheckAsync("I1 the sum of all balances is zero per currency", TotalsAsync, cancel),
            await CheckAsync(
                "I2 every balance is the fold of its entries, and holds, returnable amounts and suspense add up",
                BalancesAsync, cancel),
            await CheckAsync("I7 the log holds the ledger's events, without gaps",
                (shard, token) => LogAsync(shard, deep, token), cancel),
            await CheckAsync("I9 the audit chain verifies and is the published one, and events, entries and "
                + "transactions agree", AuditAsync, cancel),
            await CheckAllAsync(
                "I12 clearing holds what unfinished sagas have under way", clearing.RunAsync, () => clearing.At,
                seen => $"{Counted.Of(seen, "saga")} under way", cancel),
            await CheckAsync("I13 every saga matches its entries, and every acknowledged step exists", (shard,
                token) => SagasAsync(shard, deep, token), cancel),
            await CheckAllAsync("I14 an id names one hold", holds.RunAsync, () => holds.At,
                seen => Counted.Of(seen, "hold"), cancel),
            await CheckAsync("I16 the rows of accounts and customers agree with their newest events",
                (shard, token) => new RowCheck(ledger.Reader(shard), shard,
                    advanced: (done, total) => Advance(shard, done, total)).RunAsync(token), cancel),
        ];
        foreach (var check in services.Services.SelectMany(service => service.Checks))
            checks.Add(await CheckAsync(check.Name, (shard, token) => check.RunAsync(
                new CheckScope(ledger, shard, deep, (done, total) => Advance(shard, done, total)), token), cancel));
        checks.InsertRange(3, await CheckViewsAsync(deep, cancel));
        return new VerifyReport(checks.TrueForAll(check => check.Ok), checks);
    }

    private async Task<IReadOnlyList<VerifyCheck>> CheckViewsAsync(bool deep, CancellationToken cancel)
    {
        const string name = "I8 the views at a position are the fold of the ledger up to it";
        var checks = new List<VerifyCheck>();
        if (views is null || projections is null)
            return viewsAway is null ? checks : [Check(name, [viewsAway], [])];
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        foreach (var projection in projections.All)
        {
            var full = $"{name}: {projection.Name}";
            _progress = new VerifyProgress(full);
            var (findings, seen) = await new ViewCheck(
                ledger, views, projection, today, (shard, done, total) => Advance(shard, done, total))
                .RunAsync(deep, cancel);
            checks.Add(Check(full, findings, [seen]));
        }

        return checks;
    }

    private async Task<VerifyCheck> CheckAsync(
        string name, Func<int, CancellationToken, Task<(IReadOnlyList<string> Findings, string Seen)>> check,
        CancellationToken cancel)
    {
        var (findings, seen) = (new List<string>(), new List<string>());
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            _progress = new VerifyProgress(name, shard);
            try
            {
                var result = await check(shard, cancel);
                findings.AddRange(result.Findings);
                seen.Add($"shard {shard}: {result.Seen}");
            }
            catch (Exception fault) when (IsOfRows(fault))
            {
                findings.Add($"Shard {shard} cannot be read to the end: {fault.Message}");
            }
        }

        return Check(name, findings, seen);
    }

    private async Task<VerifyCheck> CheckAllAsync(
        string name, Func<CancellationToken, Task<(IReadOnlyList<string> Findings, long Seen)>> check, Func<int> at,
        Func<long, string> count, CancellationToken cancel)
    {
        _progress = new VerifyProgress(name);
        try
        {
            var (findings, seen) = await check(cancel);
            return Check(name, findings, [count(seen)]);
        }
        catch (Exception fault) when (IsOfRows(fault))
        {
            return Check(name, [Say($"Shard {at()} cannot be read to the end: {fault.Message}")], []);
        }
    }

    // What cannot be read is a finding; the other checks go on.
    private static bool IsOfRows(Exception fault) => fault is JsonException or TidelineException
    {
        Code: ErrorCode.Corrupt or ErrorCode.StorageUnavailable or ErrorCode.IncompatibleData,
    };

    private void Advance(int shard, long done, long? total) =>
        _progress = new VerifyProgress(_progress.Check, shard, done, total);

    private async Task<(IReadOnlyList<string> Findings, string Seen)> SagasAsync(int shard, bool deep,
        CancellationToken cancel)
    {
        var (findings, seen) = await new SagaCheck(
            ledger, services.Sagas, time, shard, deep, done => Advance(shard, done, null)).RunAsync(cancel);
        return (findings, Counted.Of(seen, "saga"));
    }

    private static VerifyCheck Check(string name, IReadOnlyList<string> findings, IReadOnlyList<string> seen) =>
        new(name, findings.Count == 0, findings.Count == 0 ? string.Join("; ", seen) : string.Join('\n', findings));

    private async Task<(IReadOnlyList<string> Findings, string Seen)> TotalsAsync(int shard, CancellationToken cancel)
    {
        var totals = await ledger.Reader(shard).GetTotalsAsync(cancel);
        var findings = new List<string>();
        var accounts = 0L;
        foreach (var (currency, posted, count) in totals)
        {
            accounts += count;
            if (posted != 0) findings.Add(
                Say($"Shard {shard}: the {currency.Code} balances add up to {posted} minor units instead of zero."));
        }

        return (findings, $"{Counted.Of(accounts, "account")} in "
            + Counted.Of(totals.Count, "currency", "currencies"));
    }

    private async Task<(IReadOnlyList<string> Findings, string Seen)> BalancesAsync(
        int shard, CancellationToken cancel) =>
        (await ledger.Reader(shard).FindBrokenBalancesAsync(
            AuditLimits.VerifyFindings, cancel, Returnables.Claims(services.Sagas, ledger.SystemAccounts, shard)),
                "sound");

    private async Task<(IReadOnlyList<string> Findings, string Seen)> LogAsync(
        int shard, bool deep, CancellationToken cancel)
    {
        var (findings, seen, compared) = await new LogCheck(
            ledger.Reader(shard), log, new SourceHistory(ledger.Epochs), shard, deep,
            (done, total) => Advance(shard, done, total)).RunAsync(cancel);
        return (findings, Say($"{Counted.Of(seen, "record")}, {compared} of them compared with the ledger"));
    }

    private async Task<(IReadOnlyList<string> Findings, string Seen)> AuditAsync(int shard, CancellationToken cancel)
    {
        // In this order: a block that is sealed and published meanwhile is then counted at least as a block.
        var (findings, published) = await new AuditHeadCheck(
            ledger.Reader(shard), log, new SourceHistory(ledger.Epochs), shard).RunAsync(cancel);
        var report = await new AuditVerifier(
            ledger.Reader(shard), (done, total) => Advance(shard, done, total)).VerifyAsync(cancel);
        var head = Convert.ToHexStringLower(report.Head.AsSpan(0, Math.Min(8, report.Head.Length)));
        var (blocks, events) = (Counted.Of(report.Blocks, "block"), Counted.Of(report.Events, "event"));
        var seen = Say($"{blocks}, {published} of them published, {events}, head {head}");
        return ([.. report.Findings, .. findings], seen);
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
