using System.Diagnostics;
using Tideline.Host.Running;
using Tideline.Kernel;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

/// <summary>What <c>services up</c> leaves for other commands.</summary>
public sealed class ServiceFolderTests : IDisposable
{
    private static readonly ProcessIdentity Alive = ProcessIdentity.Of(Process.GetCurrentProcess());
    private static readonly ProcessIdentity Gone = Alive with { Started = Alive.Started.AddDays(-1) };
    private readonly TemporaryFolder _temporary = new("services");

    private ServiceFolder Folder => new(Path.Combine(_temporary.Path, "services"));

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void The_addresses_of_services_that_run_are_found_and_of_no_others()
    {
        Write(Up("mysql", "Server=127.0.0.1;Port=1", Alive), Up("mongo", "mongodb://127.0.0.1:2", Alive),
            Up("kafka", "127.0.0.1:3", Gone), Up("redis", "127.0.0.1:4", null));
        LocalServices.Find(Folder.Path)
            .ShouldBe(new LocalServices("Server=127.0.0.1;Port=1", "mongodb://127.0.0.1:2", null, null));
    }

    [Fact]
    public void Where_nothing_was_ever_up_nothing_is_found_and_nothing_is_made()
    {
        LocalServices.Find(Folder.Path).ShouldBe(new LocalServices(null, null, null, null));
        Directory.Exists(Folder.Path).ShouldBeFalse();
    }

    [Fact]
    public void What_was_written_is_read_again()
    {
        var state = Up("mysql", "Server=127.0.0.1;Port=1", Alive)
            with
        { Version = "MySQL 9.7.4", Ports = [1], Folder = "/somewhere", Reason = "no reason" };
        Write(state);
        var read = Folder.Read().ShouldHaveSingleItem();
        read.Ports.ShouldBe([1]);
        (read with { Ports = state.Ports }).ShouldBe(state);
    }

    [Fact]
    public void The_variables_of_the_services_that_are_up_can_be_sourced()
    {
        Write(Up("mysql", "Server=127.0.0.1;Port=1;User ID=root", Alive),
            Up("redis", "127.0.0.1:4", Alive) with { Condition = ServiceCondition.Failed });
        File.ReadAllLines(Folder.EnvironmentFile).ShouldBe(["export TIDELINE_MYSQL='Server=127.0.0.1;Port=1;User "
            + "ID=root'", "export TIDELINE_TEST_MYSQL='Server=127.0.0.1;Port=1;User ID=root'"]);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_not_taken_for_nothing_up()
    {
        Write(Up("redis", "127.0.0.1:4", Alive));
        File.WriteAllText(Path.Combine(Folder.Path, "services.json"), "[{");
        Should.Throw<TidelineException>(() => Folder.Read()).Code.ShouldBe(ErrorCode.Corrupt);
    }

    [Fact]
    public void Two_commands_at_once_are_refused()
    {
        using (Folder.Lock()) Should.Throw<TidelineException>(() => Folder.Lock())
            .Code.ShouldBe(ErrorCode.AlreadyOwned);
        Folder.Lock().Dispose();
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(Folder.Path);
        File.WriteAllText(Path.Combine(Folder.Path, "mine"), "");
        Should.Throw<TidelineException>(() => Folder.Lock()).Code.ShouldBe(ErrorCode.InvalidInput);
        Directory.EnumerateFileSystemEntries(Folder.Path).Count().ShouldBe(1);
    }

    private static ServiceState Up(string service, string address, ProcessIdentity? process) =>
        new(service, ServiceCondition.Up) { Address = address, Process = process };

    private void Write(params ServiceState[] states)
    {
        using var _ = Folder.Lock();
        Folder.Write(states);
    }
}
