using Microsoft.Extensions.Time.Testing;
using Tideline.Services.Payments.Imports;
using Tideline.Tests.Services.Payments.Iso20022;

namespace Tideline.Tests.Services.Payments.Imports;

/// <summary>Waits for imports that run on a clock of the test.</summary>
internal static class ImportStage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<ImportAcceptance> AcceptAsync(
        PaymentImports imports, Pain001Sample sample, CancellationToken cancel)
    {
        await using var file = sample.ToStream();
        return await imports.AcceptAsync(file, cancel);
    }

    public static Task<ImportStatus> FinishedAsync(PaymentImports imports, Guid importId, FakeTimeProvider time,
        CancellationToken cancel) =>
        UntilAsync(imports, importId, status => status.Pending == 0 && status.Results.Count == status.Payments, time,
            cancel);

    public static async Task EventuallyAsync(Func<bool> condition, FakeTimeProvider time, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        while (!condition())
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, patience.Token);
        }
    }

    public static async Task<ImportStatus> UntilAsync(
        PaymentImports imports, Guid importId, Predicate<ImportStatus> reached, FakeTimeProvider time,
            CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        while (true)
        {
            var status = (await imports.GetAsync(importId, 0, 1_000, patience.Token))!;
            if (reached(status)) return status;
            // The service waits on this clock between tries.
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, patience.Token);
        }
    }
}
