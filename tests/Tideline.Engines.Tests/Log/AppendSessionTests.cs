using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// What an append may believe of a producer that came to its end while the append waited for its turn.
/// </summary>
public sealed class AppendSessionTests
{
    [Fact]
    public void A_session_that_has_ended_confirms_nothing()
    {
        // Nobody is there: nothing is sent.
        var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = "127.0.0.1:1" })
            .SetLogHandler((_, _) => { }).Build();
        using var session = new AppendSession(producer, KafkaTopics.Seal, NullLogger.Instance);
        session.Learn(Topics.SagaCommands, "saga-0", []);
        var record = new LogRecord(
            Topics.SagaCommands, 0, 0, "saga-0", 1, Guid.Empty, "type", Guid.Empty, 0, 0, new byte[1]);
        session.Plan([record], out _).ShouldNotBeNull().ShouldHaveSingleItem();
        session.AllLanded().IsCompletedSuccessfully.ShouldBeTrue();

        session.End(new TidelineException(Tideline.Kernel.ErrorCode.StorageUnavailable, "The topic is gone."));
        Should.Throw<TidelineException>(() => session.Plan([record], out _)).Message.ShouldBe("The topic is gone.");
        Should.Throw<TidelineException>(() => { session.AllLanded(); }).Message.ShouldBe("The topic is gone.");
    }
}
