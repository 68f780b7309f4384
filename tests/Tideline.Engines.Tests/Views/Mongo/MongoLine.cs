using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;
using MongoDB.Driver;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>
/// A line to a MongoDB server that a test can cut, on which it can lose an answer after the server did the work, or put
/// another answer in its place. Unlike the server's own fail points it needs no special start, works on any server and
/// disturbs nobody else on it. It reads OP_MSG (opcode 2013) and lets the rest pass.
/// </summary>
internal sealed class MongoLine : IAsyncDisposable
{
    private const int OpMsg = 2013;

    private readonly DnsEndPoint _server;
    private readonly ConcurrentDictionary<TcpClient, Task> _open = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port;
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;

    public MongoLine(MongoUrlBuilder url, string server)
    {
        var parts = server.Split(':');
        _server = new DnsEndPoint(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
        Mend();
        _port = ((IPEndPoint)_listener!.LocalEndpoint).Port;
        (url.Server, url.ReplicaSetName, url.DirectConnection) =
            (new MongoServerAddress("127.0.0.1", _port), null, true);
        Address = url.ToString();
    }

    /// <summary>The connection string that leads over this line.</summary>
    public string Address { get; }

    /// <summary>Called with each command; an answer to give instead of asking the server, or null.</summary>
    public Func<BsonDocument, BsonDocument?> Refuse { get; set; } = _ => null;

    /// <summary>
    /// Called with the name of the command and the server's answer; gives the answer to pass on, or null: the line
    /// breaks and the answer is lost.
    /// </summary>
    public Func<string, BsonDocument, BsonDocument?> Answer { get; set; } = (_, answer) => answer;

    /// <summary>Breaks every connection and takes no more.</summary>
    public void Cut()
    {
        _listener!.Stop();
        foreach (var client in _open.Keys) client.Close();
    }

    public void Mend()
    {
        _listener = new TcpListener(IPAddress.Loopback, _port);
        _listener.Start();
        _accepting = AcceptAsync(_listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Cut();
        await _accepting;
        await Task.WhenAll(_open.Values);
        _listener!.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(_stop.Token);
                _open[client] = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
            var asked = new ConcurrentDictionary<int, string>();
            await Task.WhenAny(UpAsync(client.GetStream(), server.GetStream(), asked),
                DownAsync(server.GetStream(), client.GetStream(), asked)).Unwrap();
        }
        catch (Exception broken) when (broken is IOException
            or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return;
        }
        finally
        {
            client.Close();
        }
    }

    private async Task UpAsync(NetworkStream client, NetworkStream server, ConcurrentDictionary<int, string> asked)
    {
        while (await ReadAsync(client) is { } message)
        {
            var id = BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(4));
            if (Body(message) is { } command)
            {
                if (Refuse(command) is { } refusal)
                {
                    await client.WriteAsync(Message(refusal, id), _stop.Token);
                    continue;
                }

                asked[id] = command.GetElement(0).Name;
            }

            await server.WriteAsync(message, _stop.Token);
        }
    }

    private async Task DownAsync(NetworkStream server, NetworkStream client, ConcurrentDictionary<int, string> asked)
    {
        while (await ReadAsync(server) is { } message)
        {
            var id = BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(8));
            if (asked.TryRemove(id, out var name) && Body(message) is { } answer)
            {
                if (Answer(name, answer) is not { } given) return;
                if (!ReferenceEquals(given, answer)) message = Message(given, id);
            }

            await client.WriteAsync(message, _stop.Token);
        }
    }

    private async Task<byte[]?> ReadAsync(NetworkStream stream)
    {
        var length = new byte[4];
        if (await stream.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, _stop.Token) < 4) return null;
        var message = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        length.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(4), _stop.Token);
        return message;
    }

    // Header of 16 bytes, flags of 4, then the section of kind 0: the command without its document sequences.
    private static BsonDocument? Body(byte[] message) =>
        BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(12)) == OpMsg && message[20] == 0
            ? BsonSerializer.Deserialize<BsonDocument>(new MemoryStream(message, 21, message.Length - 21))
            : null;

    private static byte[] Message(BsonDocument body, int responseTo)
    {
        var bson = body.ToBson();
        var message = new byte[21 + bson.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(8), responseTo);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), OpMsg);
        bson.CopyTo(message, 21);
        return message;
    }
}
