using System.Globalization;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Problems;
using Tideline.Projections;
using Tideline.Queries;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>Metrics for Prometheus.</summary>
internal sealed class MetricRoutes(GatewayParts parts, GatewayMetrics metrics, HealthRoutes health)
{
    public void Map(RouteTable routes) => routes.Get("/metrics", new RouteNotes(
        "Metrics in the Prometheus text format.", "tideline_transfers_total{outcome=\"settled\"} 42")
    {
        AnswerType = "text/plain",
    }, GetAsync);

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var text = new PrometheusText();
        metrics.WriteTo(text);
        WriteRequests(text);
        WriteClock(text);
        WriteShards(text);
        WriteFaults(text, await health.CheckShardsAsync(http.RequestAborted));
        WriteWaitingSagas(text);
        if (parts.FindProjections() is { } projections) WriteViews(text, projections);
        if (parts.FindCached() is { } cache) WriteCache(text, cache);

        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
        return null;
    }

    private void WriteRequests(PrometheusText text)
    {
        text.Family("tideline_http_requests_total", "counter", "Requests, by route and status class.");
        foreach (var route in metrics.Routes)
            for (var status = 2; status <= 5; status++)
                if (route.Count(status) > 0) text.Sample("tideline_http_requests_total",
                    route.Count(status), "method", route.Method, "route", route.Route, "status", Number(status) + "xx");
        text.Family("tideline_http_request_seconds", "histogram", "Time from the request's head to its answer.");
        foreach (var route in metrics.Routes) WriteHistogram(text, route);
    }

    private static void WriteHistogram(PrometheusText text, RouteMeter route)
    {
        var total = 0L;
        for (var bucket = 0; bucket <= RouteMeter.BoundsUs.Length; bucket++) total += route.Bucket(bucket);
        if (total == 0) return;
        var below = 0L;
        for (var bucket = 0; bucket < RouteMeter.BoundsUs.Length; bucket++)
        {
            below += route.Bucket(bucket);
            var bound = (RouteMeter.BoundsUs[bucket] / 1e6).ToString("R", CultureInfo.InvariantCulture);
            text.Sample("tideline_http_request_seconds_bucket",
                below, "method", route.Method, "route", route.Route, "le", bound);
        }

        text.Sample(
            "tideline_http_request_seconds_bucket", total, "method", route.Method, "route", route.Route, "le", "+Inf");
        text.Sample(
            "tideline_http_request_seconds_sum", route.SumUs / 1e6, "method", route.Method, "route", route.Route);
        text.Sample("tideline_http_request_seconds_count", total, "method", route.Method, "route", route.Route);
    }

    private void WriteClock(PrometheusText text)
    {
        var clock = parts.Ledger.Clock;
        text.Family("tideline_clock_offset_seconds", "gauge", "How far the system clock is ahead of the stamping one.")
            .Sample("tideline_clock_offset_seconds", clock.OffsetMs / 1e3);
        text.Family("tideline_clock_healthy", "gauge", "1 while the clocks agree, 0 when one of them is wrong.")
            .Sample("tideline_clock_healthy", parts.Ledger.ClockFault() is null ? 1 : 0);
        text.Family("tideline_clock_jumps_total", "counter", "Detected jumps of the system clock.")
            .Sample("tideline_clock_jumps_total", clock.Jumps);
    }

    private void WriteShards(PrometheusText text)
    {
        text.Family("tideline_ledger_queue_depth", "gauge", "Commands that wait for a shard.");
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++)
            text.Sample("tideline_ledger_queue_depth", parts.Ledger.QueueDepth(shard), "shard", Number(shard));
        text.Family("tideline_ledger_event_seq", "counter", "Newest committed position of a shard.");
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++) text.Sample(
            "tideline_ledger_event_seq", parts.Ledger.CommittedHead(shard).EventSeq, "shard", Number(shard));
    }

    private void WriteFaults(PrometheusText text, HealthCheck[] shards)
    {
        text.Family("tideline_fault", "gauge",
            "1 while a part has a fault (see /health/detail), by what the fault prevents.");
        foreach (var shard in shards)
            text.Sample("tideline_fault", shard.Ok ? 0 : 1, "part", shard.Name, "scope", "detail");
        foreach (var part in parts.Health.Checks())
            text.Sample("tideline_fault", part.Fault is null ? 0 : 1, "part", part.Part, "scope",
                part.Scope.ToString().ToLowerInvariant());
        text.Family("tideline_log_foreign_messages", "gauge",
            "Messages on a topic that Tideline did not write and skips.");
        foreach (var fault in parts.LogFaults().Where(fault => fault.Foreign > 0))
            text.Sample("tideline_log_foreign_messages", fault.Foreign, "topic", fault.Topic, "partition",
                Number(fault.Partition ?? 0));
    }

    private static void WriteViews(PrometheusText text, ProjectionHost projections)
    {
        var statuses = projections.All.SelectMany(projection => projection.Projector.Status()).ToList();
        void Each(string name, string help, Func<ProjectionStatus, double> figure)
        {
            text.Family(name, "gauge", help);
            foreach (var status in statuses)
                text.Sample(
                    name, figure(status), "projection", status.Projection, "shard", Number(status.Shard));
        }

        Each("tideline_views_lag_seconds", "How far a projection is behind the ledger; +Inf if unknown.",
            status => status.LagMs / 1e3);
        Each("tideline_views_lag_events", "Committed events that are not yet in the documents of a projection.",
            status => status.LagEvents);
        Each("tideline_views_healthy", "1 while a projection progresses on a shard or has nothing to do, 0 when it "
            + "is stuck.", status => status.Healthy ? 1 : 0);
        text.Family("tideline_dead_letters", "gauge", "Events of a projection that wait as dead letters.");
        foreach (var projection in projections.All)
            text.Sample("tideline_dead_letters", projection.DeadLetters.List().Sum(key => key.Letters), "projection",
                projection.Name);
        text.Family("tideline_blocked_documents", "gauge", "Documents behind because of dead letters.");
        foreach (var projection in projections.All)
            text.Sample("tideline_blocked_documents", projection.DeadLetters.List().Count, "projection",
                projection.Name);
        text.Family(
            "tideline_damaged_documents", "gauge",
            "Damaged documents of the views that this process has found.");
        text.Sample("tideline_damaged_documents", projections.Damaged.Count);
    }

    private void WriteWaitingSagas(PrometheusText text)
    {
        if (parts.SagaWatch is not { } watch) return;
        var shards = watch.Waiting.Select((waiting, shard) => (Shard: Number(shard), Waiting: waiting)).ToList();
        text.Family("tideline_sagas_parked", "gauge", "Sagas that wait for an operator.");
        foreach (var (shard, waiting) in shards) text.Sample("tideline_sagas_parked", waiting.Parked, "shard", shard);
        text.Family("tideline_saga_dead_letters", "gauge", "Messages of sagas that could not be handled and wait.");
        foreach (var (shard, waiting) in shards)
            text.Sample("tideline_saga_dead_letters", waiting.Letters, "shard", shard);
        var held = shards.SelectMany(each => each.Waiting.Suspense.Select(of => (each.Shard, of.Key, of.Value)));
        text.Family("tideline_suspense_sagas", "gauge", "Sagas whose money is on suspense.");
        foreach (var (shard, currency, (sagas, _)) in held)
            text.Sample("tideline_suspense_sagas", sagas, "shard", shard, "currency", currency);
        text.Family("tideline_suspense_minor_units", "gauge", "Money on suspense, in minor units of its currency.");
        foreach (var (shard, currency, (_, minor)) in held)
            text.Sample("tideline_suspense_minor_units", minor, "shard", shard, "currency", currency);
    }

    private static void WriteCache(PrometheusText text, CacheCounts cache)
    {
        text.Family("tideline_cache_reads_total", "counter", "Reads of the cache, by result: hit, found an entry that "
            + "was not fresh enough, missed, or got no answer in time.")
            .Sample("tideline_cache_reads_total", cache[CacheOutcome.Hit], "result", "hit")
            .Sample("tideline_cache_reads_total", cache[CacheOutcome.Stale], "result", "stale")
            .Sample("tideline_cache_reads_total", cache[CacheOutcome.Miss], "result", "miss")
            .Sample("tideline_cache_reads_total", cache[CacheOutcome.ReadFault], "result", "fault");
        text.Family("tideline_cache_fills_total", "counter",
            "Documents offered to the cache: filled, refused as too old or too large, or not answered in time.")
            .Sample("tideline_cache_fills_total", cache[CacheOutcome.Filled], "result", "filled")
            .Sample("tideline_cache_fills_total", cache[CacheOutcome.FillRefused], "result", "refused")
            .Sample("tideline_cache_fills_total", cache[CacheOutcome.FillFault], "result", "fault");
        text.Family("tideline_cache_invalidations_total",
            "counter", "Invalidations sent to the cache, and those that it did not accept.")
            .Sample("tideline_cache_invalidations_total", cache[CacheOutcome.Invalidated], "result", "done")
            .Sample("tideline_cache_invalidations_total", cache[CacheOutcome.InvalidationFault], "result", "fault");
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
