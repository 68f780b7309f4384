using System.Buffers.Binary;
using Tideline.Ledger;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// Selects the customers for a check: all, one page at a time, or a sample spread evenly between the first and the last
/// id.
/// </summary>
internal static class CustomerSample
{
    /// <summary>Up to <paramref name="count"/> customers of a shard.</summary>
    public static async Task<IReadOnlyList<Guid>> EvenlyAsync(IShardReader reader, int count, CancellationToken cancel)
    {
        if (await reader.GetCustomersAsync(Guid.Empty, count, cancel) is not { Count: > 0 } first) return [];
        if (first.Count < count) return [.. first.Select(customer => customer.Id)];
        var low = Number(first[0].Id);
        var step = (await LastAsync(reader, low, cancel) - low) / (UInt128)count;
        var chosen = new SortedSet<Guid> { first[0].Id };
        for (var at = 1; at <= count; at++)
        {
            if (await reader.GetCustomersAsync(Id(low + (UInt128)at * step - 1), 1, cancel) is [var customer])
                chosen.Add(customer.Id);
        }

        return [.. chosen];
    }

    // The store finds the next id after a given one, so binary search finds the last: at most one read per bit.
    private static async Task<UInt128> LastAsync(IShardReader reader, UInt128 low, CancellationToken cancel)
    {
        var high = UInt128.MaxValue;
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (await reader.GetCustomersAsync(Id(middle), 1, cancel) is [var found]) low = Number(found.Id);
            else high = middle;
        }

        return low;
    }

    private static UInt128 Number(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static Guid Id(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }
}
