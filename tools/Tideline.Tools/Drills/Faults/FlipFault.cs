using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Faults;

/// <summary>
/// A bit of a file is flipped while no node runs. It must be found, or do no harm: never may the program give a wrong
/// answer and call itself sound.
/// </summary>
internal sealed class FlipFault() : DrilledFault("flip", "a bit in a file of the data folder is flipped")
{
    private const int HeaderBytes = 4_096, Flips = 8;

    private static readonly string[] Files = ["log/log.db", "views/views.db", "ledger/shard-0.db"];

    public override string? WhyNot(RunningBank bank) =>
        bank.Installation.IsShared ? "the servers check their own files; see edit for bits of rows" : null;

    public override async Task InspectAsync(DrillScene scene, CancellationToken cancel)
    {
        var data = scene.Bank.Installation.DataFolder;
        using var kept = new TemporaryFolder("kept");
        foreach (var file in Files)
        {
            var before = await scene.SeenAsync();
            await scene.Bank.StopAllAsync();
            var copy = Path.Combine(kept.Path, file.Replace('/', '-'));
            Copy(data, copy);
            for (var flip = 0; flip < Flips; flip++) Flip(Path.Combine(data, file), scene.Random);
            await RequireHarmlessAsync(scene, file, before, cancel);
            await scene.Bank.KillAllAsync();
            // As documented: the log and the views are made again, the ledger comes from a backup.
            if (file.StartsWith("ledger", StringComparison.Ordinal)) Restore(copy, data);
            else Directory.Delete(Path.Combine(data, Path.GetDirectoryName(file)!), recursive: true);
            await scene.Bank.StartAllAsync(cancel);
            var quiet = new Opponent.Quiet(scene.Clients, scene.Bank, TimeProvider.System);
            await quiet.WaitAsync(scene.Violations, cancel);
            if (await scene.VerifyAsync() is { } broken)
                scene.Violations.Add("verify", $"After {file} was mended: {broken}");
        }
    }

    private static async Task RequireHarmlessAsync(
        DrillScene scene, string file, IReadOnlyDictionary<string, string> before, CancellationToken cancel)
    {
        try
        {
            await scene.Bank.StartAllAsync(cancel);
        }
        catch (IOException refused)
        {
            scene.Log.Note($"bits of {file} are flipped, and the start is refused: {refused.Message}");
            return;
        }

        var found = await scene.VerifyAsync();
        scene.Log.Note($"bits of {file} are flipped; verify --deep says: {found ?? "every check held"}");
        if (found is not null) return;
        var after = await scene.SeenAsync();
        foreach (var (target, answer) in before.Where(each => after.TryGetValue(each.Key, out var now)
            && now != each.Value))
        {
            scene.Violations.Add(
                "verify", $"Bits of {file} are flipped, verify --deep names nothing, and {target} was answered with "
                + $"{answer} and is now answered with {after[target]}");
        }
    }

    private static void Flip(string path, SeededRandom random)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        if (file.Length <= HeaderBytes) return;
        file.Position = HeaderBytes + random.Below((int)(file.Length - HeaderBytes));
        var old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ (1 << random.Below(8))));
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static void Restore(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(to, "*", SearchOption.AllDirectories)) File.Delete(file);
        Copy(from, to);
    }
}
