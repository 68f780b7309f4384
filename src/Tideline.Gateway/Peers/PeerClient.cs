using System.Globalization;
using System.Net;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Gateway.Peers;

/// <summary>
/// Sends commands to the owner of a shard over HTTP: see <see cref="Tideline.Peers.CommandTransport"/>.
/// </summary>
public sealed class PeerClient : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromMilliseconds(GatewayLimits.ForwardConnectMs),
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false
    })
    {
        MaxResponseContentBufferSize = GatewayLimits.ForwardBodyBytes,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Sends commands; the token limits the wait for their answer.</summary>
    /// <exception cref="TidelineException">As for <see cref="Tideline.Peers.CommandTransport"/>.</exception>
    /// <exception cref="OperationCanceledException">They were not answered in time.</exception>
    public async Task<ReadOnlyMemory<byte>> CarryAsync(
        ShardOwner owner, int shard, ReadOnlyMemory<byte> commands, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            string.Create(CultureInfo.InvariantCulture, $"{owner.Address}/internal/shards/{shard}/commands"));
        request.Headers.Add(PeerRoutes.SecretHeader, owner.Secret.ToString());
        var content = new CommandContent(commands);
        request.Content = content;
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            if (response.StatusCode == HttpStatusCode.OK) return await response.Content.ReadAsByteArrayAsync(cancel);
            throw response.StatusCode == HttpStatusCode.Forbidden
                ? new TidelineException(ErrorCode.NotOwner,
                    $"The process at {owner.Address} is not the one that owned shard {shard}.")
                : new TidelineException(ErrorCode.StorageUnavailable, $"The owner of shard {shard} at {owner.Address} "
                    + $"answered with status {(int)response.StatusCode}; repeat the request with the same key.");
        }
        catch (Exception fault) when (!content.IsBegun && fault is HttpRequestException or OperationCanceledException)
        {
            throw new TidelineException(ErrorCode.NotOwner,
                $"The owner of shard {shard} could not be reached at {owner.Address}: {fault.Message}", fault);
        }
        catch (HttpRequestException fault)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The owner of shard {shard} was lost before it "
                + $"answered; repeat the request with the same key. {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
