using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Gateway.Peers;

/// <summary>Carries commands to the owner of a shard over HTTP: as <see cref="Tideline.Peers.CarryCommands"/>.</summary>
public sealed class PeerClient : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromMilliseconds(Limits.ForwardConnectMs), UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
        MaxResponseContentBufferSize = Limits.ForwardBodyBytes,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Sends commands; the token limits how long their answer is waited for.</summary>
    /// <exception cref="TidelineException">As <see cref="Tideline.Peers.CarryCommands"/> says.</exception>
    /// <exception cref="OperationCanceledException">They were not answered in time.</exception>
    public async Task<ReadOnlyMemory<byte>> CarryAsync(ShardOwner owner, int shard, ReadOnlyMemory<byte> commands, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"{owner.Address}/internal/shards/{shard}/commands"));
        request.Headers.Add(PeerRoutes.SecretHeader, owner.Secret.ToString());
        request.Content = new ReadOnlyMemoryContent(commands) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            if (response.StatusCode == HttpStatusCode.OK) return await response.Content.ReadAsByteArrayAsync(cancel);
            throw response.StatusCode == HttpStatusCode.Forbidden
                ? new TidelineException(ErrorCode.NotOwner, $"Another process answers at {owner.Address} than the one that owned shard {shard}.")
                : new TidelineException(ErrorCode.StorageUnavailable, $"The owner of shard {shard} at {owner.Address} answered with status {(int)response.StatusCode}; repeat the request with the same key.");
        }
        catch (Exception fault) when (IsNotSent(fault, cancel))
        {
            throw new TidelineException(ErrorCode.NotOwner, $"The owner of shard {shard} cannot be reached at {owner.Address}: {fault.Message}", fault);
        }
        catch (HttpRequestException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The owner of shard {shard} was lost before it answered; repeat the request with the same key. {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // Without a connection nothing was sent. One that takes too long to open is told as a cancellation that nobody asked for.
    private static bool IsNotSent(Exception fault, CancellationToken cancel) => fault switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => !cancel.IsCancellationRequested,
        _ => false,
    };
}
