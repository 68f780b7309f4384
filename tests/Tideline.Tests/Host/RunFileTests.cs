using System.Diagnostics;
using System.Globalization;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Tests.Host;

public sealed class RunFileTests : IDisposable
{
    private const string Address = "http://127.0.0.1:7400";
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_running_node_is_found_by_its_address()
    {
        using var file = RunFile.Write(_folder, Address);
        RunFile.Find(_folder).ShouldBe(new Uri(Address));
    }

    [Fact]
    public void A_node_that_ended_leaves_nothing()
    {
        RunFile.Write(_folder, Address).Dispose();
        RunFile.Find(_folder).ShouldBeNull();
        Directory.EnumerateFileSystemEntries(_folder).ShouldBeEmpty();
    }

    [Fact]
    public void A_file_whose_process_is_gone_is_stale()
    {
        var process = Process.Start(new ProcessStartInfo("true"))!;
        process.WaitForExit();
        Write($$"""{"processId":{{process.Id}},"processStarted":"2026-01-01T00:00:00Z","address":"{{Address}}"}""");
        RunFile.Find(_folder).ShouldBeNull();
    }

    [Fact]
    public async Task A_killed_node_that_nobody_has_collected_is_gone()
    {
        // The shell becomes a program that never waits for its child: what is left of the child is a zombie, as under a
        // container's first process.
        using var parent = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "sleep 60 & echo $!; exec sleep 60"])
        { RedirectStandardOutput = true })!;
        try
        {
            using var child = Process.GetProcessById(int.Parse((await parent.StandardOutput.ReadLineAsync(
                TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture));
            Write($$"""{"processId":{{child.Id}},"processStarted":"{{child.StartTime.ToUniversalTime():O}}","address":"{{Address}}"}""");
            RunFile.Find(_folder).ShouldBe(new Uri(Address));
            child.Kill();
            for (var tries = 0; RunFile.Find(_folder) is not null && tries < 100; tries++)
                await Task.Delay(20, TestContext.Current.CancellationToken);
            RunFile.Find(_folder).ShouldBeNull();
        }
        finally
        {
            parent.Kill();
        }
    }

    [Fact]
    public void A_process_id_that_came_round_again_does_not_make_a_stale_file_alive()
    {
        Write($$"""{"processId":{{Environment.ProcessId}},"processStarted":"2026-01-01T00:00:00Z","address":"{{Address}}"}""");
        RunFile.Find(_folder).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_file_that_a_crash_cut_short_counts_as_none(string text)
    {
        Write(text);
        RunFile.Find(_folder).ShouldBeNull();
    }

    [Fact]
    public void A_folder_that_does_not_exist_has_no_node() =>
        RunFile.Find(Path.Combine(_folder, "nowhere")).ShouldBeNull();

    private void Write(string text) => File.WriteAllText(Path.Combine(_folder, "tideline.run.json"), text);
}
