namespace Tideline.Engines.Tests;

/// <summary>
/// Addresses of the real servers that the contract suites run against: <c>TIDELINE_TEST_MYSQL</c>, <c>…_MONGODB</c>,
/// <c>…_KAFKA</c>, <c>…_REDIS</c>. <c>./tideline test --engines all</c> brings the servers up and sets them; without an
/// address a test is skipped and says so, and on a build machine the test command makes a failure of that where the
/// engine can be had. With a filter it brings up only what the chosen tests name: a test that needs a server has
/// <c>MySql</c>, <c>Mongo</c>, <c>Kafka</c>, <c>Redis</c> or <c>Cluster</c> in its class or namespace.
/// </summary>
internal static class RealEngine
{
    public static string MySql => Address("MYSQL");

    public static string MongoDb => Address("MONGODB");

    public static string Kafka => Address("KAFKA");

    public static string Redis => Address("REDIS");

    private static string Address(string engine)
    {
        var variable = $"TIDELINE_TEST_{engine}";
        var address = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(address)) Assert.Skip($"{variable} names no server.");
        return address;
    }
}
