using StackExchange.Redis;
using Tideline.Kernel;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

public sealed class RedisServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_started_server_says_its_version_and_keeps_its_folder_private()
    {
        await using var own = await StartAsync();
        own.Server.Version.ShouldStartWith("Redis ");
        new DirectoryInfo(own.Server.Folder)
            .UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_killed_server_comes_back_on_its_port_with_its_data()
    {
        await using var own = await StartAsync();
        await SetAsync(own.Server, "kept");
        var first = own.Server.Process.Identity;
        await own.Server.KillAsync();
        first.IsAlive.ShouldBeFalse();
        await own.Server.StartAsync(Cancel);
        own.Server.Process.Identity.ShouldNotBe(first);
        (await GetAsync(own.Server)).ShouldBe("kept");
    }

    [Fact]
    public async Task A_server_that_still_reads_its_data_has_not_started()
    {
        // It reads back for a second, and tells whoever asks meanwhile that it does (redis.conf, key-load-delay:
        // microseconds for each command).
        await using var own = await OwnServer<RedisServer>.StartAsync(
            folder => RedisServer.PrepareAsync(folder, options: ["--key-load-delay", "100"], cancel: Cancel));
        await using (var client = await ConnectionMultiplexer.ConnectAsync(own.Server.Address))
            await Task.WhenAll(Enumerable.Range(0, 10_000)
                .Select(number => client.GetDatabase().StringSetAsync($"other-{number}", number)));
        await SetAsync(own.Server, "kept");
        await own.Server.KillAsync();
        await own.Server.StartAsync(Cancel);
        (await GetAsync(own.Server)).ShouldBe("kept");
    }

    [Fact]
    public async Task A_paused_server_answers_nobody_until_it_goes_on()
    {
        await using var own = await StartAsync();
        await using var client = await ConnectionMultiplexer.ConnectAsync(own.Server.Address);
        own.Server.Pause();
        var answer = client.GetDatabase().PingAsync();
        (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(200), Cancel))).ShouldNotBe(answer);
        own.Server.Process.IsAlive.ShouldBeTrue();
        own.Server.Continue();
        await answer.WaitAsync(Limit, Cancel);
    }

    [Fact]
    public async Task A_server_that_is_asked_to_end_ends_even_while_paused()
    {
        await using var own = await StartAsync();
        own.Server.Pause();
        (await own.Server.StopAsync(Limit)).ShouldBeTrue();
        own.Server.Process.IsAlive.ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_leads_a_session_of_its_own()
    {
        await using var own = await StartAsync();
        var id = own.Server.Process.Identity.Id;
        var stat = await File.ReadAllTextAsync($"/proc/{id}/stat", Cancel);
        // State, parent, group, session: Ctrl-C in a terminal goes to a group, the end of a terminal to a session
        // (proc_pid_stat(5)).
        stat[(stat.LastIndexOf(')') + 1)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[2..4].ShouldBe([$"{id}", $"{id}"]);
    }

    [Fact]
    public async Task A_server_that_ends_at_once_says_why()
    {
        await using var own = await StartAsync();
        using var folder = new TemporaryFolder("server");
        await using var other = await RedisServer.PrepareAsync(
            folder.Path, options: ["--no-such-option", "1"], cancel: Cancel);
        var fault = await Should.ThrowAsync<TidelineException>(() => other.StartAsync(Cancel));
        fault.Code.ShouldBe(ErrorCode.StorageUnavailable);
        fault.Message.ShouldContain("Redis ended before it answered");
        fault.Message.ShouldContain("no-such-option");
    }

    [Fact]
    public async Task A_server_whose_owner_left_it_runs_on()
    {
        await using var own = await StartAsync();
        var process = own.Server.Leave();
        await own.Server.DisposeAsync();
        process.IsAlive.ShouldBeTrue();
        await process.KillAsync();
        process.IsAlive.ShouldBeFalse();
    }

    private static Task<OwnServer<RedisServer>> StartAsync() =>
        OwnServer<RedisServer>.StartAsync(folder => RedisServer.PrepareAsync(folder, cancel: Cancel));

    private static async Task SetAsync(RedisServer server, string value)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StringSetAsync("key", value);
    }

    private static async Task<string?> GetAsync(RedisServer server)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        return await client.GetDatabase().StringGetAsync("key");
    }
}
