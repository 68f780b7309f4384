using Tideline.Audit;
using Tideline.Engines.Backup;
using Tideline.Kernel;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Node;
using Tideline.Queries;

namespace Tideline.Tests.Backup;

/// <summary>A consistent copy of a running installation, and back.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_under_transfers_between_shards_keeps_every_cent()
    {
        await using var stage = await InstallationStage.StartAsync();
        var (left, right) = (await stage.AccountAsync(0, 10_000), await stage.AccountAsync(1, 10_000));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(lane => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await stage.TransferAsync(lane % 2 == 0 ? left : right, lane % 2 == 0 ? right : left, 1);
        })));
        var backups = new List<BackupManifest>();
        for (var number = 0; number < 3; number++)
        {
            await Task.Delay(100);
            backups.Add(await stage.Node.Backup!.WriteAsync($"{stage.Data}-backup{number}", default));
        }

        await stop.CancelAsync();
        await load;
        await stage.StopAsync();
        for (var number = 0; number < backups.Count; number++)
        {
            var restored = $"{stage.Data}-restored{number}";
            var (backup, epoch) = await EmbeddedRestore.RunAsync(
                $"{stage.Data}-backup{number}", restored, TimeProvider.System.GetUtcNow(), default);
            epoch.ShouldBeGreaterThan(1);
            backup.Heads.ShouldBe(backups[number].Heads);
            await stage.OpenAsync(data: restored);
            // What was between the shards at the moment of the cut arrives.
            await WaitAsync(async () => await stage.PostedAsync(left) + await stage.PostedAsync(right) == 20_000);
            await stage.VerifyAsync();
            (await stage.TransferAsync(left, right, 1)).Refusal.ShouldBeNull();
            await stage.VerifyAsync();
            await stage.StopAsync();
        }
    }

    [Fact]
    public async Task A_token_of_the_time_before_a_restore_is_refused()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        var before = ConsistencyToken.Encode([new Position(0, 1)], TokenScope.Of(stage.Node.Ledger));
        await stage.Node.Backup!.WriteAsync(stage.Data + "-backup", default);
        await stage.StopAsync();
        await EmbeddedRestore.RunAsync(
            stage.Data + "-backup", stage.Data + "-restored", TimeProvider.System.GetUtcNow(), default);
        await stage.OpenAsync(data: stage.Data + "-restored");
        await stage.DepositAsync(account, 1);
        await stage.VerifyAsync();
        stage.Node.Ledger.InstallationEpoch.ShouldBeGreaterThan(1);
        Should.Throw<TidelineException>(() => ConsistencyToken.Parse(before, TokenScope.Of(stage.Node.Ledger)))
            .Message.ShouldContain("before the installation was restored");
        var records = await stage.Node.Log.ReadAsync(Topics.AccountEvents, 0, 0, 100, default);
        records[^1].Source.ShouldStartWith($"shard-0.{stage.Node.Ledger.InstallationEpoch}.");
    }

    [Fact]
    public async Task An_older_ledger_that_is_put_under_a_newer_log_is_accepted_by_a_new_epoch_alone()
    {
        await using var stage = await InstallationStage.StartAsync();
        var (left, right) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        await stage.StopAsync();
        InstallationStage.CopyFolder(Path.Combine(stage.Data, "ledger"), stage.Data + "-old");
        await stage.OpenAsync();
        (await stage.TransferAsync(left, right, 30)).Refusal.ShouldBeNull();
        await stage.LevelAsync();
        await stage.StopAsync();
        Directory.Delete(Path.Combine(stage.Data, "ledger"), recursive: true);
        InstallationStage.CopyFolder(stage.Data + "-old", Path.Combine(stage.Data, "ledger"));
        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync())).Code.ShouldBe(ErrorCode.Corrupt);

        var options = new NodeOptions { DataDirectory = stage.Data };
        (await InstallationEpochs.BeginAsync(options, "a test", default)).ShouldBeGreaterThan(1);
        await stage.OpenAsync();
        // What the log tells of the time that was taken back is passed over: neither shard gets the transfer's other
        // half.
        (await stage.PostedAsync(left)).ShouldBe(100);
        (await stage.TransferAsync(left, right, 5)).Refusal.ShouldBeNull();
        await stage.VerifyAsync();
        (await stage.PostedAsync(left), await stage.PostedAsync(right)).ShouldBe((95, 105));
    }

    [Fact]
    public async Task Audit_heads_that_were_taken_back_are_no_finding()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        var kept = await PublishedAsync(stage);
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        // More than a page of them, of blocks that the restore takes back.
        LogRecord[] taken =
        [
            .. Enumerable.Range(1, Limits.PageRows + 50).Select(number => new LogRecord(
                Topics.AuditHeads,
                0, 0, "audit-0", kept + number, Guid.Empty, "AUDIT_BLOCK_SEALED", Guid.Empty, 0, 1, "{}"u8.ToArray())),
        ];
        await stage.Node.Log.AppendAsync(taken, default);
        await stage.PutLedgerBackAsync();
        await stage.DepositAsync(account, 1);
        (await PublishedAsync(stage)).ShouldBeGreaterThan(kept);
        await stage.VerifyAsync();
    }

    [Fact]
    public async Task A_backup_that_is_damaged_is_not_restored()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.AccountAsync(0, 100);
        var backup = stage.Data + "-backup";
        await stage.Node.Backup!.WriteAsync(backup, default);
        var file = Path.Combine(backup, "ledger", "shard-0.db");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        var restored = stage.Data + "-restored";
        (await RestoreAsync(backup, restored)).ShouldContain("differs from what was written");
        File.Delete(file);
        (await RestoreAsync(backup, restored)).ShouldContain("shard-0.db is missing");
        File.Delete(Path.Combine(backup, BackupManifest.FileName));
        (await RestoreAsync(backup, restored)).ShouldContain("is not a complete backup");
        Directory.Exists(Path.Combine(restored, "ledger")).ShouldBeFalse();
    }

    // A restore moves log, views, imports and manifest in some order, and the ledger last; between any two it may be
    // killed.
    [Theory]
    [InlineData("")]
    [InlineData("views")]
    [InlineData("installation.json", "log")]
    [InlineData("log", "views", "imports", "installation.json")]
    public async Task A_restore_that_was_killed_at_any_moment_keeps_nodes_away_and_is_run_again(params string[] moved)
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        Directory.CreateDirectory(Path.Combine(stage.Data, "imports", "messages"));
        await File.WriteAllTextAsync(Path.Combine(stage.Data, "imports", "messages", "M"), "x");
        var (backup, restored) = (stage.Data + "-backup", stage.Data + "-restored");
        await stage.Node.Backup!.WriteAsync(backup, default);
        await stage.StopAsync();
        await EmbeddedRestore.RunAsync(backup, restored, TimeProvider.System.GetUtcNow(), default);
        var staging = Directory.CreateDirectory(Path.Combine(restored, "restoring")).FullName;
        foreach (var path in Directory.EnumerateFileSystemEntries(restored).Where(path => path != staging).ToList())
        {
            if (!moved.Contains(Path.GetFileName(path)))
                Directory.Move(path, Path.Combine(staging, Path.GetFileName(path)));
        }

        (await Should.ThrowAsync<TidelineException>(() => stage.OpenAsync(data: restored))).Message
            .ShouldContain("is incomplete");
        await EmbeddedRestore.RunAsync(backup, restored, TimeProvider.System.GetUtcNow(), default);
        Directory.Exists(staging).ShouldBeFalse();
        await stage.OpenAsync(data: restored);
        (await stage.PostedAsync(account)).ShouldBe(100);
        await stage.VerifyAsync();
    }

    [Fact]
    public async Task A_killed_restore_gives_no_right_to_what_is_somebody_elses()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var (backup, restored) = (stage.Data + "-backup", stage.Data + "-restored");
        await stage.Node.Backup!.WriteAsync(backup, default);
        Directory.CreateDirectory(Path.Combine(restored, "restoring"));
        foreach (var name in (string[])["notes.txt", "ledger"])
        {
            await File.WriteAllTextAsync(Path.Combine(restored, name), "mine");
            (await RestoreAsync(backup, restored)).ShouldContain("is not empty");
            File.Delete(Path.Combine(restored, name));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_backup_that_fails_leaves_nothing_of_it_behind(bool existed)
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.AccountAsync(0, 100);
        // A file of an import that cannot be copied.
        var import = Directory.CreateDirectory(Path.Combine(stage.Data, "imports", $"{stage.Node.Ledger.Ids.Next()}"));
        File.CreateSymbolicLink(Path.Combine(import.FullName, "pain001.xml"), Path.Combine(stage.Data, "nowhere"));
        var backup = stage.Data + "-backup";
        if (existed) Directory.CreateDirectory(backup);
        (await Should.ThrowAsync<TidelineException>(() => stage.Node.Backup!.WriteAsync(backup, default))).Code
            .ShouldBe(ErrorCode.StorageUnavailable);
        Directory.Exists(backup).ShouldBe(existed);
        if (existed) Directory.EnumerateFileSystemEntries(backup).ShouldBeEmpty();
        import.Delete(recursive: true);
        await stage.Node.Backup!.WriteAsync(backup, default);
    }

    [Fact]
    public async Task An_epoch_begins_on_data_alone()
    {
        var nowhere = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var options = new NodeOptions { DataDirectory = nowhere };
        var refused = await Should.ThrowAsync<TidelineException>(
            () => InstallationEpochs.BeginAsync(options, "a test", default));
        refused.Code.ShouldBe(ErrorCode.NotFound);
        Directory.Exists(nowhere).ShouldBeFalse();
    }

    [Fact]
    public async Task Nobody_else_uses_a_folder_that_a_backup_is_restored_into()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        await stage.Node.Backup!.WriteAsync(stage.Data + "-backup", default);
        var restored = stage.Data + "-restored";
        Directory.CreateDirectory(restored);
        using (new FileStream(Path.Combine(restored, "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            (await RestoreAsync(stage.Data + "-backup", restored)).ShouldContain("is using");
        await EmbeddedRestore.RunAsync(stage.Data + "-backup", restored, TimeProvider.System.GetUtcNow(), default);
    }

    [Fact]
    public async Task Folders_that_are_in_use_are_left_alone()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        (await Should.ThrowAsync<TidelineException>(() => stage.Node.Backup!.WriteAsync(stage.Data, default)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Node.Backup!.WriteAsync(Path.Combine(stage.Data, "x"), default))).Message
            .ShouldContain("is inside the data folder");
        Directory.CreateSymbolicLink(stage.Data + "-link", stage.Data);
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Node.Backup!.WriteAsync(Path.Combine(stage.Data + "-link", "x", "y"), default))).Message
            .ShouldContain("is inside the data folder");
        Directory.Delete(stage.Data + "-link");
        var backup = stage.Data + "-backup";
        await stage.Node.Backup!.WriteAsync(backup, default);
        (await Should.ThrowAsync<TidelineException>(() => stage.Node.Backup!.WriteAsync(backup, default)))
            .Message.ShouldContain("is not empty");
        (await RestoreAsync(backup, stage.Data)).ShouldContain("is not empty");
    }

    [Fact]
    public async Task A_manifest_that_names_files_outside_its_folder_is_refused()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var backup = stage.Data + "-backup";
        var made = await stage.Node.Backup!.WriteAsync(backup, default);
        (made with { Files = [.. made.Files, new BackupFile("../evil", 0, "")] }).Write(backup);
        (await RestoreAsync(backup, stage.Data + "-restored")).ShouldContain("is outside the backup");
    }

    // The number of the newest block, when it is on the log and holds every event.
    private static async Task<long> PublishedAsync(InstallationStage stage)
    {
        var head = (await stage.Node.Ledger.Reader(0).GetHeadAsync(default)).EventSeq;
        LogRecord? last = null;
        await WaitAsync(async () =>
        {
            var offset = await stage.Node.Log.GetHeadAsync(Topics.AuditHeads, 0, default);
            last = offset == 0
                ? null
                : (await stage.Node.Log.ReadAsync(Topics.AuditHeads, 0, offset - 1, 1, default))[0];
            return last is not null && AuditHeads.Parse(last)?.ThroughSeq == head;
        });
        return last!.SourceSeq;
    }

    private static async Task<string> RestoreAsync(string backup, string data) =>
        (await Should.ThrowAsync<TidelineException>(
            () => EmbeddedRestore.RunAsync(backup, data, TimeProvider.System.GetUtcNow(), default))).Message;

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; tries < 600 && !await condition(); tries++) await Task.Delay(50);
        (await condition()).ShouldBeTrue();
    }
}
