using System.Reflection;
using System.Runtime.ExceptionServices;
using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

/// <summary>A reader of one shard that fails, or does not answer, when a test says so.</summary>
public class FaultyReader : DispatchProxy
{
    private static readonly MethodInfo Later =
        typeof(FaultyReader).GetMethod(nameof(LaterAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;

    private IShardReader _inner = null!;
    private Func<string, Task?> _before = null!;

    /// <param name="inner">Answers all the same.</param>
    /// <param name="before">Called with the name of each read; throws, or answers what the read waits for.</param>
    internal static IShardReader Around(IShardReader inner, Func<string, Task?> before)
    {
        var proxy = Create<IShardReader, FaultyReader>();
        ((FaultyReader)(object)proxy)._inner = inner;
        ((FaultyReader)(object)proxy)._before = before;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var isRead = targetMethod!.ReturnType.IsGenericType;
        return isRead && _before(targetMethod.Name) is { } wait
            ? Later.MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()[0])
                .Invoke(this, [wait, targetMethod, args])
            : Call(targetMethod, args);
    }

    private async ValueTask<T> LaterAsync<T>(Task wait, MethodInfo read, object?[]? args)
    {
        await wait;
        return await (ValueTask<T>)Call(read, args)!;
    }

    private object? Call(MethodInfo read, object?[]? args)
    {
        try
        {
            return read.Invoke(_inner, args);
        }
        catch (TargetInvocationException fault)
        {
            ExceptionDispatchInfo.Throw(fault.InnerException!);
            throw;
        }
    }
}
