#pragma warning disable CA2012 // A call goes through reflection as it is, and is awaited once.
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Tideline.Tools.Simulation.Faults;

/// <summary>
/// An engine whose calls are delayed, refused, repeated or reported as failed. One class for every role: what a call
/// does is its own affair.
/// </summary>
internal class FaultyEngine : DispatchProxy
{
    private static readonly ConcurrentDictionary<MethodInfo, Shape> Shapes = new();
    private object _engine = null!;
    private EngineFaults _faults = null!;
    private EngineCalls _calls = null!;

    /// <summary>The engine with its faults.</summary>
    public static T Around<T>(T engine, EngineFaults faults, EngineCalls calls)
        where T : class
    {
        var proxy = Create<T, FaultyEngine>();
        var faulty = (FaultyEngine)(object)proxy;
        (faulty._engine, faulty._faults, faulty._calls) = (engine, faults, calls);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var method = targetMethod!;
        var shape = Shapes.GetOrAdd(method, Shape.Of);
        return shape.IsAsync && !_calls.Untouched.Contains(method.Name)
            ? shape.Begin(this, method.Name, args ?? [])
            : shape.Invoke(_engine, args);
    }

    private ValueTask<T> Call<T>(Shape shape, string name, object?[] args)
    {
        var before = _faults.BeforeAsync(name);
        if (before.IsCompletedSuccessfully && !_calls.Writes.Contains(name))
        {
            var call = (ValueTask<T>)shape.Invoke(_engine, args)!;
            if (!call.IsCompletedSuccessfully) return call;
            var after = _faults.AfterAsync();
            return after.IsCompletedSuccessfully ? call : LateAsync(after, call.Result);
        }

        return CallAsync<T>(before, shape, name, args);
    }

    private static async ValueTask<T> LateAsync<T>(ValueTask after, T result)
    {
        await after;
        return result;
    }

    private async ValueTask<T> CallAsync<T>(ValueTask before, Shape shape, string name, object?[] args)
    {
        await before;
        if (_calls.TearAsync is { } tear && _faults.IsTorn() && await tear(_engine, name, args, _faults))
            throw _faults.Lost(name);
        var isWrite = _calls.Writes.Contains(name);
        if (isWrite && _calls.Repeatable.Contains(name) && _faults.IsRepeated())
            await (ValueTask<T>)shape.Invoke(_engine, args)!;
        var result = await (ValueTask<T>)shape.Invoke(_engine, args)!;
        await _faults.AfterAsync();
        return isWrite && _faults.IsAnswerLost() ? throw _faults.Lost(name) : result;
    }

    private ValueTask Call(Shape shape, string name, object?[] args)
    {
        var before = _faults.BeforeAsync(name);
        return CallAsync(before, shape, name, args);
    }

    private async ValueTask CallAsync(ValueTask before, Shape shape, string name, object?[] args)
    {
        await before;
        var isWrite = _calls.Writes.Contains(name);
        if (isWrite && _calls.Repeatable.Contains(name) && _faults.IsRepeated())
            await (ValueTask)shape.Invoke(_engine, args)!;
        await (ValueTask)shape.Invoke(_engine, args)!;
        await _faults.AfterAsync();
        if (isWrite && _faults.IsAnswerLost()) throw _faults.Lost(name);
    }

    // How to call a method, prepared once.
    private sealed class Shape(MethodInvoker invoker, Func<FaultyEngine, Shape, string, object?[], object>? begin)
    {
        private static readonly MethodInfo Generic = typeof(FaultyEngine)
            .GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)
            .Single(method => method.Name == nameof(Call) && method.IsGenericMethod);

        public bool IsAsync => begin is not null;

        public static Shape Of(MethodInfo method)
        {
            var invoker = MethodInvoker.Create(method);
            var returns = method.ReturnType;
            if (returns == typeof(ValueTask) && method.Name != nameof(IAsyncDisposable.DisposeAsync))
                return new Shape(invoker, static (engine, shape, name, args) => engine.Call(shape, name, args));
            if (!returns.IsGenericType || returns.GetGenericTypeDefinition() != typeof(ValueTask<>))
                return new Shape(invoker, null);
            var call = MethodInvoker.Create(Generic.MakeGenericMethod(returns.GenericTypeArguments));
            return new Shape(
                invoker, (engine, shape, name, args) => call.Invoke(engine, shape, name, args)!);
        }

        public object? Invoke(object engine, object?[]? args)
        {
            try
            {
                return invoker.Invoke(engine, args.AsSpan());
            }
            catch (TargetInvocationException fault) when (fault.InnerException is not null)
            {
                ExceptionDispatchInfo.Throw(fault.InnerException);
                throw;
            }
        }

        public object Begin(FaultyEngine engine, string name, object?[] args) => begin!(engine, this, name, args);
    }
}
