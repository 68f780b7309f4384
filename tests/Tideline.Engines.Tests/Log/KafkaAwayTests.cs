using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Log;

public sealed class KafkaAwayTests
{
    [Fact]
    public async Task Brokers_that_are_away_are_said_in_plain_words_within_a_limit()
    {
        var topics = new KafkaTopics($"127.0.0.1:{LoopbackPort.Next()}");
        var opening = topics.OpenAsync().WaitAsync(TimeSpan.FromMilliseconds(3 * KafkaLimits.CallMs));
        var fault = await Should.ThrowAsync<TidelineException>(opening);
        fault.Code.ShouldBe(ErrorCode.StorageUnavailable);
        fault.Message.ShouldStartWith("Kafka ");
    }
}
