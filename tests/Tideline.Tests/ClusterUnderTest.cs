using Tideline.Node;

namespace Tideline.Tests;

/// <summary>
/// The servers of the cluster profile that tests may use. Where one is not named, the test is skipped and says which.
/// </summary>
internal static class ClusterUnderTest
{
    public static string MySql => Address("MYSQL");

    public static ClusterOptions Require() => new()
    {
        MySql = [Address("MYSQL")], Kafka = Address("KAFKA"), MongoDb = Address("MONGODB"), Redis = Address("REDIS")
    };

    private static string Address(string engine)
    {
        var variable = $"TIDELINE_TEST_{engine}";
        var address = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(address)) Assert.Skip($"{variable} names no server.");
        return address;
    }
}
