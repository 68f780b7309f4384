namespace Tideline.Tests.Ledger;

/// <summary>
/// A bank whose folder is copied before each commit, as kill -9 would leave it at that moment: what was committed is in
/// the files, nothing else is. Each copy can be opened as the bank of the next process.
/// </summary>
internal sealed class KilledBank : IAsyncDisposable
{
    private readonly string _root = Bank.NewFolder();
    private readonly List<string> _copies = [];
    private Bank? _bank;
    private FaultyStore? _store;

    public Bank Bank => _bank!;

    /// <summary>One folder for each moment between two commits, and the last for the end.</summary>
    public IReadOnlyList<string> Copies => _copies;

    public static async Task<KilledBank> OpenAsync(int shards)
    {
        var killed = new KilledBank();
        var folder = Path.Combine(killed._root, "first");
        killed._bank = await Bank.OpenAsync(
            shards, folder: folder, wrap: store => killed._store = new FaultyStore(store));
        return killed;
    }

    /// <summary>Does something and keeps a copy of each moment at which it could have been killed.</summary>
    public async Task<T> RunAsync<T>(Func<Bank, Task<T>> act)
    {
        _store!.BeforeCommit = _ => Copy();
        var result = await act(Bank);
        _store.BeforeCommit = null;
        Copy();
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await Bank.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    // Called on the writer's thread, between two commits. One client does one thing at a time: no other shard is busy.
    private void Copy()
    {
        var target = Path.Combine(_root, $"killed-{_copies.Count}");
        var source = Path.Combine(_root, "first");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            // The shared memory of a write-ahead log is made anew from it, and the folder's lock ends with the process.
            if (Path.GetExtension(file) is not (".db" or ".db-wal")) continue;
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        _copies.Add(target);
    }
}
