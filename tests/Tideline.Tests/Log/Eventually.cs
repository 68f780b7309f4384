namespace Tideline.Tests.Log;

/// <summary>Waits for what a loop of the program will do; generous, so that a slow machine fails nothing.</summary>
internal static class Eventually
{
    public static async Task IsTrueAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition()) await Task.Delay(5, limit.Token);
    }
}
