using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;
using Tideline.Tests.Tidy;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Host;

/// <summary>Who else can read what a node writes: nobody.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivateFilesTests : IDisposable
{
    private const UnixFileMode Wide = (UnixFileMode)0b111_101_101;
    private const UnixFileMode OfOthers = (UnixFileMode)0b111_111;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new("private");
    private Process? _node;

    private string Data => Path.Combine(_folder.Path, "data");

    public void Dispose()
    {
        _node?.Kill();
        _node?.WaitForExit();
        _node?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Everything_that_a_node_writes_is_for_its_user_alone_and_what_was_wide_is_narrowed()
    {
        Directory.CreateDirectory(Data, Wide);
        File.SetUnixFileMode(Data, Wide);
        await UseAsync();
        string[] written = [.. Entries().Select(entry => Path.GetRelativePath(Data, entry.FullName))];
        foreach (var name in (string[])["ledger/shard-0.db", "ledger/shard-0.db-wal", "views/views.db",
            "log/log.db-shm", "imports", "tideline.run.json"]) written.ShouldContain(name);
        written.ShouldContain(name => name.EndsWith("pain001.xml", StringComparison.Ordinal));
        ShouldBePrivate();

        await EndAsync();
        foreach (var entry in Entries()) entry.UnixFileMode = entry is DirectoryInfo ? Wide
            : (UnixFileMode)0b110_100_100;
        await UseAsync();
        ShouldBePrivate();
    }

    [Fact]
    public async Task A_folder_that_holds_other_things_keeps_its_mode_and_only_what_the_node_has_in_it_is_narrow()
    {
        Directory.CreateDirectory(Data);
        File.SetUnixFileMode(Data, Wide);
        await File.WriteAllTextAsync(Path.Combine(Data, "notes.txt"), "mine");
        File.SetUnixFileMode(Path.Combine(Data, "notes.txt"), Wide);
        await UseAsync();
        (File.GetUnixFileMode(Data), File.GetUnixFileMode(Path.Combine(Data, "notes.txt"))).ShouldBe((Wide, Wide));
        (File.GetUnixFileMode(Path.Combine(Data, "ledger")) & OfOthers).ShouldBe(UnixFileMode.None);
    }

    [Fact]
    public async Task What_a_restore_or_a_new_epoch_writes_is_for_its_user_alone()
    {
        await UseAsync();
        var backup = Path.Combine(_folder.Path, "backup");
        (await HostProcess.RunAsync("backup", backup, "--data", Data)).ExitCode.ShouldBe(0);
        await EndAsync();
        // As a kill leaves it that comes while the manifest is written.
        await File.WriteAllTextAsync(Path.Combine(Data, "installation.json.new"), "{");
        foreach (var entry in Entries()) entry.UnixFileMode = entry is DirectoryInfo ? Wide
            : (UnixFileMode)0b110_100_100;
        var epoch = await HostProcess.RunAsync("epoch", "begin", "--reason", "A test", "--data", Data);
        epoch.ExitCode.ShouldBe(0, epoch.Errors);
        ShouldBePrivate();

        // A backup whose heads are wrong is refused after it was copied.
        Directory.Delete(Data, recursive: true);
        var manifest = Path.Combine(backup, "backup.json");
        await File.WriteAllTextAsync(manifest, Regex.Replace(
            await File.ReadAllTextAsync(manifest), "\"eventSeq\": \\d+", "\"eventSeq\": 9999"));
        var (exitCode, _, errors) = await HostProcess.RunAsync("restore", backup, "--data", Data);
        (exitCode, errors).ShouldSatisfyAllConditions(
            () => exitCode.ShouldBe(2), () => errors.ShouldContain("does not have the head that the backup records"));
        Entries().Select(entry => entry.Name).ShouldContain("shard-0.db");
        ShouldBePrivate();
    }

    [Fact]
    public async Task A_folder_in_which_everybody_may_write_is_refused()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "notes.txt"), "mine");
        File.SetUnixFileMode(Data, Wide | UnixFileMode.OtherWrite);
        var (exitCode, _, errors) = await HostProcess.RunAsync("up", "--data", Data, "--port", "0");
        exitCode.ShouldBe(2);
        errors.ShouldContain($"Every user can write to {Data}");
        Directory.Exists(Path.Combine(Data, "ledger")).ShouldBeFalse();
    }

    private IEnumerable<FileSystemInfo> Entries() =>
        new DirectoryInfo(Data).GetFileSystemInfos("*", SearchOption.AllDirectories).Append(new DirectoryInfo(Data));

    private void ShouldBePrivate() => Entries().Where(entry => (entry.UnixFileMode & OfOthers) != 0)
        .Select(entry => $"{entry.FullName}: {entry.UnixFileMode}").ShouldBeEmpty();

    // Starts a node under the umask that most systems have, and has it write something of every kind.
    private async Task UseAsync()
    {
        var port = LoopbackPort.Next();
        var start = HostProcess.Command("up", "--data", Data, "--port", $"{port}", "--shards", "1");
        start.Environment["TIDELINE_HOSTS"] = "bank.example, 10.0.0.7";
        _node = Process.Start(start)!;
        var words = "";
        while (!words.Contains("Ctrl-C", StringComparison.Ordinal))
        {
            words += await _node.StandardOutput.ReadLineAsync().WaitAsync(Limit)
                ?? throw new InvalidOperationException($"The node ended: {await _node.StandardError.ReadToEndAsync()}");
        }

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var customer = new HttpRequestMessage(HttpMethod.Post, "/v1/customers");
        customer.Content = JsonContent.Create(new { name = "Ada", email = "ada@example.com", country = "GB" });
        customer.Headers.Add("Idempotency-Key", $"customer-{port}");
        customer.Headers.Host = "bank.example";
        await customer.Content.LoadIntoBufferAsync();
        (await client.SendAsync(customer)).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var file = new StringContent(
            await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "examples", "salaries-pain001.xml")),
            Encoding.UTF8, "application/xml");
        (await client.PostAsync("/v1/payments/imports", file)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        foreign.Headers.Host = "evil.example";
        (await client.SendAsync(foreign)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private async Task EndAsync()
    {
        _node!.Kill();
        await _node.WaitForExitAsync();
        _node.Dispose();
        _node = null;
    }
}
