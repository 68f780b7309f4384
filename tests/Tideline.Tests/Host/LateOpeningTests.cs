using Tideline.Kernel;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Tests.Log;

namespace Tideline.Tests.Host;

/// <summary>A node whose log or views cannot be opened takes commands, says so, and opens them when that is
/// mended.</summary>
public sealed class LateOpeningTests : IDisposable
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("views", "views.db", "view tier", FaultScope.Freshness)]
    [InlineData("log", "log.db", "log", FaultScope.Detail)]
    public async Task A_damaged_file_stops_no_command_and_is_opened_once_it_is_away(
        string folder, string name, string part, FaultScope scope)
    {
        await using (var first = await StartAsync()) await CommandAsync(first);
        var file = Path.Combine(_folder, folder, name);
        foreach (var beside in Directory.GetFiles(Path.Combine(_folder, folder))) File.Delete(beside);
        await File.WriteAllTextAsync(file, new string('x', 8_192), Cancel);

        await using var node = await StartAsync();
        await CommandAsync(node);
        var told = node.Health.Checks().Single(check => check.Part == part);
        told.Scope.ShouldBe(scope);
        told.Fault.ShouldNotBeNull().ShouldContain("The file is damaged.");
        Should.Throw<TidelineException>(() => node.Projections).Code.ShouldBe(ErrorCode.StorageUnavailable);
        (await node.Verifier.VerifyAsync(deep: false, Cancel)).Checks.Where(check => !check.Ok).ShouldNotBeEmpty();

        File.Delete(file);
        await node.WaitUntilOpenAsync(Cancel);
        for (var shard = 0; shard < 2; shard++)
            (await node.Projections["customers"].Projector.WaitForAsync(
                shard, node.Ledger.CommittedHead(shard).EventSeq, TimeSpan.FromSeconds(30), Cancel)).ShouldBeTrue();
        await Eventually.IsTrueAsync(() => node.Health.Faults().Count == 0);
    }

    private static async Task CommandAsync(TidelineNode node) =>
        (await node.Ledger.ExecuteAsync(
            new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), Cancel)).Refusal.ShouldBeNull();

    private Task<TidelineNode> StartAsync() =>
        TidelineNode.StartAsync(new NodeOptions { DataDirectory = _folder, Shards = 2 }, Cancel);
}
