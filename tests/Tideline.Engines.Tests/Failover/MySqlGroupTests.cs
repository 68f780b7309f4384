using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Failover;

public sealed class MySqlGroupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_group_is_named_by_its_members_each_with_its_port()
    {
        var group = GroupAddress.Parse("Server=one:3307, two,three:3309;Port=3308;User ID=ada;Password=secret");
        group.IsGroup.ShouldBeTrue();
        group.Members.Select(member => member.Name).ShouldBe(["one:3307", "two:3308", "three:3309"]);
        var second = new MySqlConnectionStringBuilder(group.Members[1].ConnectionString);
        (second.Server, second.Port, second.UserID, second.Password).ShouldBe(("two", 3308u, "ada", "secret"));
        GroupAddress.Parse("Server=db.example;User ID=ada").IsGroup.ShouldBeFalse();
    }

    [Theory]
    [InlineData("User ID=ada", "names no server")]
    [InlineData("Server=a:1,a:1", "twice")]
    [InlineData("Server=a:x,b:2", "'a:x'")]
    [InlineData("Server=a;Nonsense=1", "is invalid")]
    [InlineData("Server=a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:10", "at most 9")]
    public void An_address_that_cannot_be_used_says_why(string address, string words)
    {
        var refused = Should.Throw<TidelineException>(() => GroupAddress.Parse(address));
        refused.Code.ShouldBe(ErrorCode.InvalidInput);
        refused.Message.ShouldContain(words);
    }

    [Fact]
    public async Task A_server_that_could_lose_something_is_refused_with_every_setting_that_must_be_another()
    {
        // A server alone, as it comes.
        var address = GroupAddress.Parse(RealEngine.MySql).Members[0];
        await using var connection = new MySqlConnection(address.ConnectionString);
        await connection.OpenAsync(Cancel);
        var findings = await GroupSettings.CheckAsync(connection, address.Name, Cancel);
        findings.ShouldContain(finding => finding.StartsWith("rpl_semi_sync_source_timeout of "
            + address.Name + " is not set and must be 4294967295", StringComparison.Ordinal));
        findings.ShouldContain(finding => finding.StartsWith(
            "replica_net_timeout of " + address.Name + " is 60 and must be 1", StringComparison.Ordinal));
        findings.ShouldNotContain(finding => finding.StartsWith("sync_binlog ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_group_is_not_made_while_members_are_silent_and_each_is_named()
    {
        var refused = await Should.ThrowAsync<TidelineException>(() => GroupSetup.MakeAsync(
            new FailoverOptions { Group = "Server=127.0.0.1:1,127.0.0.1:2,127.0.0.1:3;User ID=ada" }, Cancel));
        refused.Code.ShouldBe(ErrorCode.StorageUnavailable);
        foreach (var member in (string[])["127.0.0.1:1: ", "127.0.0.1:2: ", "127.0.0.1:3: "])
            refused.Message.ShouldContain(member);
    }

    [Fact]
    public async Task A_single_address_is_the_primary_wherever_it_leads_and_is_asked_nothing()
    {
        var finder = new PrimaryFinder(GroupAddress.Parse("Server=nobody.invalid;User ID=ada"));
        var tenure = finder.Get();
        finder.Doubt(tenure);
        // Wherever it leads now: who waits at the old server is told, and a session of before is not used again.
        var next = await finder.GetAsync();
        next.ShouldNotBeSameAs(tenure);
        next.Member.ShouldBeSameAs(tenure.Member);
        (tenure.Ended.IsCancellationRequested, next.Ended.IsCancellationRequested).ShouldBe((true, false));
        finder.Doubt(tenure);
        (await finder.GetAsync()).ShouldBeSameAs(next);
    }

    [Fact]
    public void Sessions_of_one_tenure_are_at_one_server_that_takes_writes()
    {
        var tenure = new PrimaryFinder(GroupAddress.Parse("Server=nobody.invalid;User ID=ada")).Get();
        tenure.Require(isWritable: true, "a");
        tenure.Require(isWritable: true, "a");
        Should.Throw<TidelineException>(() => tenure.Require(isWritable: true, "b"))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
        Should.Throw<TidelineException>(() => tenure.Require(isWritable: false, "a"))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
    }

    [Fact]
    public async Task A_server_that_is_the_primary_again_is_read_by_new_sessions()
    {
        // Those of its first tenure are lost: one that is used in the next brings that into doubt, and whoever reads
        // beside it was turned away twice.
        var group = GroupAddress.Parse("Server=127.0.0.1:1,127.0.0.1:2;User ID=ada");
        await using var address = new MySqlAddress(new PrimaryFinder(group), "tideline_0");
        var first = new PrimaryLease(group.Members[0]);
        var sessions = address.Readers(first);
        address.Readers(first).ShouldBeSameAs(sessions);
        first.End();
        address.Readers(new PrimaryLease(group.Members[0])).ShouldNotBeSameAs(sessions);
    }

    [Fact]
    public async Task A_fresh_process_does_not_take_an_old_primary_that_answers_first()
    {
        // An old primary that came back, or was cut off, takes writes in its old term and answers before all others.
        var group = GroupAddress.Parse("Server=old:1,new:2,replica:3;User ID=ada");
        var others = new TaskCompletionSource();
        var finder = new PrimaryFinder(group, async member =>
        {
            if (member.Host != "old") await others.Task;
            return new MemberAnswer(member, true, member.Host != "replica", member.Host == "old" ? 3 : 4, "");
        });
        var finding = finder.GetAsync().AsTask();
        finding.IsCompleted.ShouldBeFalse();
        others.SetResult();
        (await finding.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Member.Host.ShouldBe("new");
    }

    [Theory]
    [InlineData("old", 4, true, "a silent primary: the replica knows its term")]
    [InlineData("silent", 4, true, "one answer cannot tell that there is no newer term")]
    [InlineData("old", 3, false, "two that take writes in one term")]
    public async Task A_fresh_process_takes_no_primary_where_the_members_leave_a_doubt(
        string replica, long replicaTerm, bool isNewSilent, string why)
    {
        var group = GroupAddress.Parse("Server=old:1,new:2,replica:3;User ID=ada");
        var finder = new PrimaryFinder(group, member => Task.FromResult(member.Host switch
        {
            "old" => new MemberAnswer(member, true, true, 3, "takes writes in term 3"),
            "new" => new MemberAnswer(member, !isNewSilent, !isNewSilent, isNewSilent ? 0 : 3, isNewSilent
                ? "does not answer" : "takes writes in term 3"),
            _ => new MemberAnswer(member, replica != "silent", false, replica == "silent" ? 0 : replicaTerm,
                "takes no writes"),
        }));
        (await Should.ThrowAsync<TidelineException>(finder.GetAsync().AsTask(), why))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
    }

    [Fact]
    public void A_group_without_a_primary_says_what_each_member_answered()
    {
        var finder = new PrimaryFinder(GroupAddress.Parse("Server=127.0.0.1:1,127.0.0.1:2;User ID=ada"));
        var refused = Should.Throw<TidelineException>(() => finder.Get());
        refused.Code.ShouldBe(ErrorCode.StorageUnavailable);
        refused.Message.ShouldContain("127.0.0.1:1");
        refused.Message.ShouldContain("127.0.0.1:2");
    }
}
