using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

public sealed class KafkaLogTests : LogContract
{
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);

    protected override async ValueTask<ILog> OpenAsync() => await _topics.OpenAsync();

    protected override ValueTask DeleteAsync() => _topics.DisposeAsync();
}
