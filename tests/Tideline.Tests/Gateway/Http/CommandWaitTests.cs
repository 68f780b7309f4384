using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using Tideline.Gateway.Http;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Gateway.Http;

/// <summary>
/// An engine that does not answer: the client hears so within a named limit, and the command is not cancelled.
/// </summary>
public sealed class CommandWaitTests
{
    [Fact]
    public async Task A_command_is_waited_for_as_long_as_the_limit_says_from_when_it_began()
    {
        var time = new FakeTimeProvider();
        var began = time.GetTimestamp();
        time.Advance(TimeSpan.FromMilliseconds(Limits.CommandAnswerMs / 2));
        var command = new TaskCompletionSource<int>();
        var waiting = time.ForAsync(command.Task, began);
        time.Advance(TimeSpan.FromMilliseconds(Limits.CommandAnswerMs / 2 - 1));
        waiting.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));
        var fault = await Should.ThrowAsync<TidelineException>(() => waiting);
        (fault.Code, fault.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        fault.Message.ShouldContain("repeat it with the same key");
    }

    [Fact]
    public async Task What_has_ended_is_answered_however_late_and_a_fault_is_its_own()
    {
        var time = new FakeTimeProvider();
        var began = time.GetTimestamp();
        time.Advance(TimeSpan.FromDays(1));
        (await time.ForAsync(Task.FromResult(7), began)).ShouldBe(7);
        var own = new TaskCompletionSource<int>();
        var waiting = time.ForAsync(own.Task);
        own.SetException(new TimeoutException("Its own."));
        (await Should.ThrowAsync<TimeoutException>(() => waiting)).Message.ShouldBe("Its own.");
    }

    [Fact]
    public async Task A_command_that_fails_at_the_moment_of_the_limit_answers_its_own_fault()
    {
        var (time, later) = (new FakeTimeProvider(), new Later());
        var command = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> waiting;
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(later);
        try
        {
            waiting = time.ForAsync(command.Task);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        // The limit is over, and before anybody looks the command has failed.
        time.Advance(TimeSpan.FromMilliseconds(Limits.CommandAnswerMs));
        command.SetException(new TidelineException(ErrorCode.ClockWrong, "The clock is wrong."));
        while (!waiting.IsCompleted) later.Run();
        (await Should.ThrowAsync<TidelineException>(() => waiting)).Code.ShouldBe(ErrorCode.ClockWrong);
    }

    [Fact]
    public async Task A_commit_that_hangs_is_answered_503_and_the_same_key_finds_out_later()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        StuckStore stuck = null!;
        await using var server = await GatewayServer.StartAsync(
            store => StuckStore.Around(store, out stuck), time: time);
        var (from, to) = (await server.Bank.AccountAsync(0, 10_000), await server.Bank.AccountAsync(0));
        var transfer = $$"""{"from":"{{from}}","to":"{{to}}","amount":"1.00","currency":"EUR"}""";
        stuck.Hold();
        var single = server.PostAsync("/v1/payments/transfers", transfer, "stuck");
        var deposit = server.PostAsync($"/v1/accounts/{from}/deposits", """{"amount":"1.00","currency":"EUR"}""",
            "stuck-too");
        var batch = server.PostAsync("/v1/payments/transfers:batch",
            transfer.Replace("}", ",\"idempotencyKey\":\"stuck-line\"}", StringComparison.Ordinal), "",
            "application/x-ndjson");
        var all = Task.WhenAll(single, deposit, batch);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!all.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(Limits.CommandAnswerMs));
            await Task.Delay(20, late.Token);
        }

        foreach (var answer in (Answer[])[await single, await deposit])
        {
            answer.ShouldBeProblem("storage-unavailable", 503);
            answer["detail"].ShouldContain("the same key");
            answer.Headers.RetryAfter.ShouldNotBeNull();
        }

        (await batch)["type"].ShouldEndWith("storage-unavailable");
        stuck.Release();
        (await server.PostAsync("/v1/payments/transfers", transfer, "stuck"))["status"].ShouldBe("settled");
        (await server.PostAsync($"/v1/accounts/{from}/deposits", """{"amount":"1.00","currency":"EUR"}""", "stuck-too"))
            .Status.ShouldBe(System.Net.HttpStatusCode.Created);
        (await server.PostAsync("/v1/payments/transfers", transfer, "stuck-line"))["status"].ShouldBe("settled");
        (await server.Bank.ReadAsync(to)).PostedMinor.ShouldBe(200);
        await server.Bank.ShouldAddUpAsync();
    }

    // Runs what awaits when the test says so.
    private sealed class Later : SynchronizationContext
    {
        private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];

        public override void Post(SendOrPostCallback d, object? state) => _posted.Add((d, state));

        public void Run()
        {
            if (!_posted.TryTake(out var next, TimeSpan.FromMilliseconds(100))) return;
            var before = Current;
            SetSynchronizationContext(this);
            next.Callback(next.State);
            SetSynchronizationContext(before);
        }
    }

    /// <summary>A store whose commits wait while a test holds them.</summary>
    public class StuckStore : DispatchProxy
    {
        private volatile TaskCompletionSource _open = new();
        private object _inner = null!;
        private StuckStore? _of;

        internal static ILedgerStore Around(ILedgerStore store, out StuckStore control)
        {
            var proxy = Create<ILedgerStore, StuckStore>();
            control = (StuckStore)(object)proxy;
            control._inner = store;
            control.Release();
            return proxy;
        }

        public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _open.TrySetResult();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IShardStore.CommitAsync))
                return new ValueTask<bool>(CommitAsync(targetMethod, args));
            object? answer;
            try
            {
                answer = targetMethod.Invoke(_inner, args);
            }
            catch (TargetInvocationException fault)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault.InnerException!);
                throw;
            }

            if (answer is not IShardStore shard) return answer;
            var proxy = Create<IShardStore, StuckStore>();
            ((StuckStore)(object)proxy)._inner = shard;
            ((StuckStore)(object)proxy)._of = this;
            return proxy;
        }

        private async Task<bool> CommitAsync(MethodInfo commit, object?[]? args)
        {
            await _of!._open.Task;
            return await (ValueTask<bool>)commit.Invoke(_inner, args)!;
        }
    }
}
