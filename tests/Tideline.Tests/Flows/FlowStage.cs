using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Load;

namespace Tideline.Tests.Flows;

/// <summary>Where a flow runs: an installation of its own, with two shards.</summary>
internal static class FlowStage
{
    private const int Shards = 2;

    /// <summary>On the embedded engines.</summary>
    public static Installation Embedded() => new(NewFolder(), Shards, cluster: null);

    /// <summary>
    /// On the servers that <c>TIDELINE_TEST_MYSQL</c>, <c>…_KAFKA</c>, <c>…_MONGODB</c> and <c>…_REDIS</c> name.
    /// </summary>
    public static Installation Cluster() => new(NewFolder(), Shards, ClusterUnderTest.Require());

    /// <summary>Ends the node, if there is one, and takes away what it made.</summary>
    public static async Task EndAsync(TidelineNode? node, Installation installation)
    {
        if (node is not null) await node.DisposeAsync();
        await installation.DisposeAsync();
        if (Directory.Exists(installation.DataFolder)) Directory.Delete(installation.DataFolder, recursive: true);
    }

    private static string NewFolder() =>
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
}

public sealed class EmbeddedTransferFlow : TransferFlow
{
    private protected override Installation Install() => FlowStage.Embedded();
}

public sealed class ClusterTransferFlow : TransferFlow
{
    private protected override Installation Install() => FlowStage.Cluster();
}

public sealed class EmbeddedSalariesFlow : SalariesFlow
{
    private protected override Installation Install() => FlowStage.Embedded();
}

public sealed class ClusterSalariesFlow : SalariesFlow
{
    private protected override Installation Install() => FlowStage.Cluster();
}
