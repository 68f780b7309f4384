using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Tideline.Kernel;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Tideline.Engines.Log.Kafka;

/// <summary>Kafka's errors in the program's words.</summary>
internal static class KafkaFaults
{
    /// <summary>What went wrong: several parts of a request may have failed on their own.</summary>
    public static IReadOnlyList<Error> ErrorsOf(KafkaException fault) =>
        [.. Parts(fault).Where(error => error.IsError)];

    /// <summary>
    /// Whether asking again may help: brokers that come back, leaders that are being elected, topics that are being
    /// made known.
    /// </summary>
    public static bool MayPass(KafkaException fault) => ErrorsOf(fault).All(error => error.Code is not (
        KafkaError.TopicAuthorizationFailed or KafkaError.GroupAuthorizationFailed
            or KafkaError.ClusterAuthorizationFailed or KafkaError.SaslAuthenticationFailed
        or KafkaError.Local_Authentication or KafkaError.UnsupportedVersion
            or KafkaError.Local_UnsupportedFeature or KafkaError.Local_InvalidArg or KafkaError.InvalidRequest
        or KafkaError.InvalidConfig or KafkaError.InvalidPartitions
            or KafkaError.InvalidReplicationFactor or KafkaError.PolicyViolation or KafkaError.TopicException
        or KafkaError.TopicAlreadyExists or KafkaError.UnknownMemberId or KafkaError.OffsetOutOfRange));

    public static TidelineException Unavailable(string what, KafkaException fault) => new(
        Kernel.ErrorCode.StorageUnavailable, $"Kafka could not {what}: "
            + $"{string.Join("; ", ErrorsOf(fault).Select(error => error.Reason).Distinct())}", fault);

    public static TidelineException Silent(string what, int afterMs) =>
        new(Kernel.ErrorCode.StorageUnavailable, $"Kafka did not {what} within {afterMs} ms.");

    private static IEnumerable<Error> Parts(KafkaException fault) => fault switch
    {
        TopicPartitionOffsetException list => list.Results.Select(each => each.Error),
        DeleteRecordsException delete => delete.Results.Select(each => each.Error),
        CreateTopicsException create => create.Results.Select(each => each.Error),
        DescribeTopicsException describe => describe.Results.TopicDescriptions.Select(each => each.Error),
        DescribeConfigsException describe => describe.Results.Select(each => each.Error),
        _ => [fault.Error],
    };
}
