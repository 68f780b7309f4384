using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Views;

namespace Tideline.Tests.Projections;

/// <summary>
/// What the view store does while its answer is under way: a process that stood still meanwhile has been replaced, and
/// one whose answer is lost does not know what is stored. All were found by the simulation.
/// </summary>
public sealed class ReplacedTakeoverTests
{
    // Found by the simulation (seed 561).
    [Fact]
    public async Task A_process_that_was_replaced_while_it_took_the_views_over_drops_nothing()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        // It made the collection, stood still, and its successor has filled it since.
        var views = LateViews.Around(stage.Views, (name, answer) =>
            name == nameof(IViewStore.EnsureCollectionAsync) ? new ValueTask<bool>(true) : answer);
        ShardProgress[] shards = [.. Enumerable.Range(0, 2)
            .Select(shard => new ShardProgress("customers", shard, stage.Bank.Ledger, stage.Bank.Time))];
        var replaced = new ViewTakeover(
            CustomersProjection.Definition, stage.Bank.Ledger, views, null, shards, NullLogger.Instance)
        {
            Epoch = 0,
        };

        var fault = await Should.ThrowAsync<TidelineException>(
            () => replaced.EnsureAsync(stage.Customers.Projector.Active, default));
        fault.Code.ShouldBe(ErrorCode.NotOwner);
        (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.Length.ShouldBe(2);
    }

    // Found by the simulation (seed 1262).
    [Fact(Timeout = 60_000)]
    public async Task A_switch_that_is_stored_but_not_answered_is_found_out()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var isLost = false;
        var views = LateViews.Around(stage.Views, (name, answer) =>
        {
            if (!isLost) return answer;
            isLost = false;
            throw new TidelineException(ErrorCode.StorageUnavailable, "The answer was lost.");
        });
        await using var host = await ProjectionHost.StartAsync(
            [CustomersProjection.Definition], stage.Bank.Ledger, stage.Log, views, stage.Bank.Time,
            NullLoggerFactory.Instance, default);
        var projection = host["customers"];
        var late = (LateViews)(object)views;
        late.BeforeState = json =>
        {
            if (!json.Contains("\"version\":2", StringComparison.Ordinal)) return;
            (isLost, late.BeforeState) = (true, null);
        };

        await Should.ThrowAsync<TidelineException>(() => projection.Rebuild.RunAsync(force: true, default));
        while (projection.Projector.Names.Version != 2) await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    // Found by the simulation (seed 84).
    [Fact]
    public async Task A_repair_whose_call_is_not_answered_leaves_a_document_there()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var views = LateViews.Around(stage.Views, (name, answer) => name == nameof(IViewStore.RemoveAsync)
            ? throw new TidelineException(ErrorCode.StorageUnavailable, "The answer was lost.") : answer);
        await using var host = await ProjectionHost.CreateAsync(
            [CustomersProjection.Definition], stage.Bank.Ledger, stage.Log, views, stage.Bank.Time,
            NullLoggerFactory.Instance, default);
        (await host["customers"].Repair.RepairAsync(ada.ToString(), default)).Documents.ShouldBe(1);
        (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.Length.ShouldBe(2);
    }

    /// <summary>Views whose answers a test replaces after the call was carried out.</summary>
    public class LateViews : DispatchProxy
    {
        private IViewStore _inner = null!;
        private Func<string, object?, object?> _answer = null!;

        /// <summary>Gets the JSON of each state before it is stored.</summary>
        public Action<string>? BeforeState { get; set; }

        internal static IViewStore Around(IViewStore inner, Func<string, object?, object?> answer)
        {
            var proxy = Create<IViewStore, LateViews>();
            (((LateViews)(object)proxy)._inner, ((LateViews)(object)proxy)._answer) = (inner, answer);
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IViewStore.SetStateAsync) && args![1] is byte[] json)
                BeforeState?.Invoke(Encoding.UTF8.GetString(json));
            var answer = targetMethod.Invoke(_inner, args);
            return targetMethod.Name is nameof(IViewStore.SetStateAsync) or nameof(IViewStore.EnsureCollectionAsync)
                or nameof(IViewStore.RemoveAsync)
                ? _answer(targetMethod.Name, answer)
                : answer;
        }
    }
}
