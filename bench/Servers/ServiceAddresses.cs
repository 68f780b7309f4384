namespace Tideline.Bench.Servers;

/// <summary>Where the services of a folder answer; null for those that do not run.</summary>
public sealed record ServiceAddresses(string? MySql, string? MongoDb, string? Kafka, string? Redis);
