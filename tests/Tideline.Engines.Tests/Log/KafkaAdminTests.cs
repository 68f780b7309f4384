using System.Reflection;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Tideline.Engines.Log.Kafka;

namespace Tideline.Engines.Tests.Log;

public sealed class KafkaAdminTests
{
    private static readonly TopicPartition Place = new("a topic", 0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_is_silent_is_left_for_another_one_and_closed_at_the_end()
    {
        var silent = Client.Make(new TaskCompletionSource<List<AlterConsumerGroupOffsetsResult>>().Task);
        var next = Client.Make(Task.FromResult(new List<AlterConsumerGroupOffsetsResult>()));
        var clients = new Queue<IAdminClient>([silent, next]);
        var admin = new KafkaAdmin(clients.Dequeue, new OffsetReader(new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { GroupId = "nobody", BootstrapServers = "127.0.0.1:1" }).Build()), TimeProvider.System);

        await admin.SetGroupOffsetAsync("a group", Place, 7, Cancel);
        (((Client)silent).Calls, ((Client)next).Calls).ShouldBe((1, 1));
        await admin.SetGroupOffsetAsync("a group", Place, 8, Cancel);
        (((Client)silent).Calls, ((Client)next).Calls, ((Client)silent).IsDisposed).ShouldBe((1, 2, false));

        await admin.DisposeAsync();
        (((Client)silent).IsDisposed, ((Client)next).IsDisposed).ShouldBe((true, true));
    }

    /// <summary>An admin client that gives one answer to whatever it is asked.</summary>
    public class Client : DispatchProxy
    {
        private object? _answer;

        public int Calls { get; private set; }

        public bool IsDisposed { get; private set; }

        public static IAdminClient Make(object answer)
        {
            var client = Create<IAdminClient, Client>();
            ((Client)client)._answer = answer;
            return client;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IDisposable.Dispose))
            {
                IsDisposed = true;
                return null;
            }

            Calls++;
            return _answer;
        }
    }
}
