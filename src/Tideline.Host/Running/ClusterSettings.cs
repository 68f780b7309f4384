using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Host.Running;

/// <summary>
/// Finds the servers of the cluster profile: from the environment, else from the configuration file, else from
/// <c>services up</c> on this machine.
/// </summary>
internal static class ClusterSettings
{
    // A MySQL connection string may contain any other character that could separate two of them.
    private const char BetweenPrimaries = '|';

    /// <exception cref="TidelineException">InvalidInput: an address is missing. The message says how to set
    /// it.</exception>
    public static ClusterOptions Find(UpConfiguration file)
    {
        var mysql = MySql(file);
        var (kafka, mongo, redis) = (Variable("TIDELINE_KAFKA") ?? file.Kafka,
            Variable("TIDELINE_MONGODB") ?? file.MongoDb, Variable("TIDELINE_REDIS") ?? file.Redis);
        if (mysql is null && kafka is null && mongo is null && redis is null)
        {
            var here = LocalServices.Find();
            (mysql, kafka, mongo, redis) =
                (here.MySql is null ? null : [here.MySql], here.Kafka, here.MongoDb, here.Redis);
        }

        return new ClusterOptions
        {
            MySql = mysql ?? throw Missing("MySQL", "TIDELINE_MYSQL", "mysql"),
            Kafka = kafka ?? throw Missing("Kafka", "TIDELINE_KAFKA", "kafka"),
            KafkaConnection = file.KafkaSettings ?? new Dictionary<string, string>(),
            MongoDb = mongo ?? throw Missing("MongoDB", "TIDELINE_MONGODB", "mongodb"),
            Redis = redis,
            Name = Variable("TIDELINE_NAME") ?? file.Name ?? ClusterOptions.DefaultName,
        };
    }

    /// <summary>The MySQL addresses alone, which is all that the role failover needs.</summary>
    /// <exception cref="TidelineException">InvalidInput: there is none. The message says how to set it.</exception>
    public static IReadOnlyList<string> FindMySql(UpConfiguration file) =>
        MySql(file) ?? throw Missing("MySQL", "TIDELINE_MYSQL", "mysql");

    private static IReadOnlyList<string>? MySql(UpConfiguration file) =>
        Variable("TIDELINE_MYSQL")?.Split(
            BetweenPrimaries, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? file.MySql;

    /// <summary>An environment variable; null if it is unset or empty.</summary>
    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : null;

    private static TidelineException Missing(string engine, string variable, string field) => new(
        ErrorCode.InvalidInput,
        $"The cluster profile needs the address of {engine}: set {variable} in the environment or '{field}' in the "
            + $"configuration file. ./tideline services up starts a server on this machine.");
}
