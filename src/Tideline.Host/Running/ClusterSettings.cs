using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Host.Running;

/// <summary>
/// Where the servers of the cluster profile are: the environment says it, else the configuration file, else <c>services
/// up</c> has brought them up here.
/// </summary>
internal static class ClusterSettings
{
    // A connection string of MySQL holds every other sign that could part two of them.
    private const char BetweenPrimaries = '|';

    /// <exception cref="TidelineException">InvalidInput: an address is missing, in words that say how to give
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

    /// <summary>The addresses of MySQL alone: the role failover needs nothing else.</summary>
    /// <exception cref="TidelineException">InvalidInput: there is none, in words that say how to give it.</exception>
    public static IReadOnlyList<string> FindMySql(UpConfiguration file) =>
        MySql(file) ?? throw Missing("MySQL", "TIDELINE_MYSQL", "mysql");

    private static IReadOnlyList<string>? MySql(UpConfiguration file) =>
        Variable("TIDELINE_MYSQL")?.Split(
            BetweenPrimaries, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? file.MySql;

    /// <summary>A variable of the environment; null when it is not set or empty.</summary>
    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : null;

    private static TidelineException Missing(string engine, string variable, string field) => new(
        ErrorCode.InvalidInput,
        $"The cluster profile needs the address of {engine}: set {variable} in the environment or '{field}' in the "
            + $"configuration file. ./tideline services up starts a server on this machine.");
}
