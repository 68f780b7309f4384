using System.Net;
using System.Net.Sockets;
using Tideline.Gateway.Peers;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Peers;

/// <summary>What an owner may have carried out is told apart from what it never saw.</summary>
public sealed class PeerClientTests : IDisposable
{
    private static readonly ReadOnlyMemory<byte> Commands = "[]"u8.ToArray();
    private readonly TcpListener _owner = new(IPAddress.Loopback, 0);
    private readonly PeerClient _client = new();

    public PeerClientTests() => _owner.Start();

    public void Dispose()
    {
        _client.Dispose();
        _owner.Dispose();
    }

    [Fact]
    public async Task What_was_given_up_before_it_was_sent_is_not_the_owners()
    {
        // As when the owner leaves while a line to it is opened.
        (await Should.ThrowAsync<TidelineException>(() => CarryAsync(new CancellationToken(canceled: true))))
            .Code.ShouldBe(ErrorCode.NotOwner);
    }

    [Fact]
    public async Task What_nobody_listens_for_is_not_the_owners()
    {
        var owner = Owner();
        _owner.Stop();
        (await Should.ThrowAsync<TidelineException>(() => _client.CarryAsync(owner, 0, Commands, default)))
            .Code.ShouldBe(ErrorCode.NotOwner);
    }

    [Fact]
    public async Task What_was_sent_and_given_up_may_have_been_carried_out()
    {
        using var given = new CancellationTokenSource();
        var carry = CarryAsync(given.Token);
        using var line = await ReadAsync();
        await given.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => carry);
    }

    [Fact]
    public async Task What_was_sent_and_lost_may_have_been_carried_out()
    {
        var carry = CarryAsync(default);
        using (await ReadAsync())
        {
            // And closed without a word.
        }

        (await Should.ThrowAsync<TidelineException>(() => carry)).Code.ShouldBe(ErrorCode.StorageUnavailable);
    }

    private ShardOwner Owner() =>
        new("owner", $"http://{_owner.LocalEndpoint}", new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]));

    private Task<ReadOnlyMemory<byte>> CarryAsync(CancellationToken cancel) =>
        _client.CarryAsync(Owner(), 0, Commands, cancel);

    // Until the commands themselves were read.
    private async Task<TcpClient> ReadAsync()
    {
        var line = await _owner.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var (read, buffer) = (new List<byte>(), new byte[1_024]);
        while (!read.ToArray().AsSpan().EndsWith(Commands.Span))
        {
            var count = await line.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
            count.ShouldBePositive();
            read.AddRange(buffer.AsSpan(0, count));
        }

        return line;
    }
}
