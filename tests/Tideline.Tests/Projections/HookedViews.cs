using System.Reflection;
using Tideline.Views;

namespace Tideline.Tests.Projections;

/// <summary>Views in front of which a test does something else first.</summary>
public class HookedViews : DispatchProxy
{
    private IViewStore _inner = null!;

    /// <summary>Is called once before a state of this name is read.</summary>
    public (string State, Func<Task> Run)? BeforeState { get; set; }

    /// <summary>Is called once before a name is published.</summary>
    public Func<Task>? BeforePublish { get; set; }

    internal static (IViewStore Views, HookedViews Hooks) Around(IViewStore inner)
    {
        var proxy = Create<IViewStore, HookedViews>();
        ((HookedViews)(object)proxy)._inner = inner;
        return (proxy, (HookedViews)(object)proxy);
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
    {
        nameof(IViewStore.GetStateAsync) when BeforeState is { } hook && hook.State == (string)args![0]! =>
            new ValueTask<byte[]?>(ReadAsync(hook.Run, (string)args[0]!)),
        nameof(IViewStore.PublishAsync) when BeforePublish is { } hook =>
            new ValueTask<string?>(PublishAsync(hook, (string)args![0]!, (string)args[1]!)),
        _ => targetMethod.Invoke(_inner, args),
    };

    private async Task<byte[]?> ReadAsync(Func<Task> hook, string name)
    {
        BeforeState = null;
        await hook();
        return await _inner.GetStateAsync(name, default);
    }

    private async Task<string?> PublishAsync(Func<Task> hook, string name, string collection)
    {
        BeforePublish = null;
        await hook();
        return await _inner.PublishAsync(name, collection, default);
    }
}
