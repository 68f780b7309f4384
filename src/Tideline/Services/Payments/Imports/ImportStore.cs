using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// Imports on disk. <c>ID/pain001.xml</c> and <c>ID/import.json</c> appear together by one rename;
/// <c>ID/results.jsonl</c> grows while payments are made; <c>messages/MESSAGE</c> lists the debtors that used a message
/// id, and in which import; <c>pending/ID</c> exists until an import is finished.
/// </summary>
internal sealed class ImportStore
{
    private readonly string _directory;
    private long _staged;

    public ImportStore(string directory)
    {
        _directory = directory;
        // A file that was still arriving when the program ended was never acknowledged.
        if (Directory.Exists(Folder("incoming"))) Directory.Delete(Folder("incoming"), recursive: true);
        foreach (var name in (string[])["incoming", "messages", "pending"]) Directory.CreateDirectory(Folder(name));
        DurableFile.FlushDirectory(directory);
    }

    public Task<StagedFile> StageAsync(Stream source, CancellationToken cancel) =>
        StagedFile.CreateAsync(source, Path.Combine(Folder("incoming"),
            string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref _staged)}.xml")), cancel);

    public ImportManifest? Find(Guid importId)
    {
        var path = Path.Combine(Folder(importId), "import.json");
        return File.Exists(path)
            ? JsonSerializer.Deserialize(File.ReadAllBytes(path), ImportJson.Default.ImportManifest)
            : null;
    }

    /// <summary>Another accepted import in which one of the debtors used the message id.</summary>
    public Guid? FindOther(MessageClaims claims, Guid importId)
    {
        foreach (var (debtor, other) in MessageClaims.Read(MessagePath(claims)))
        {
            // A claim without its import was left by a crash before the acceptance: it was never acknowledged.
            if (other != importId && claims.Debtors.Contains(debtor) && Find(other) is not null) return other;
        }

        return null;
    }

    /// <summary>Accepts a message: durable when it returns. A refused message claims no ids and is not run.</summary>
    public void Accept(StagedFile file, ImportManifest manifest, MessageClaims claims)
    {
        if (manifest.Refused is null)
        {
            var path = MessagePath(claims);
            var others = MessageClaims.Read(path).Where(claim => !claims.Debtors.Contains(claim.Debtor)).ToList();
            MessageClaims.Write(path, [.. others, .. claims.Debtors.Select(debtor => (debtor, manifest.ImportId))]);
            DurableFile.Write(PendingPath(manifest.ImportId), []);
        }

        var folder = file.Path + ".import";
        Directory.CreateDirectory(folder);
        DurableFile.Write(Path.Combine(folder, "import.json"),
            JsonSerializer.SerializeToUtf8Bytes(manifest, ImportJson.Default.ImportManifest));
        File.Move(file.Path, Path.Combine(folder, "pain001.xml"));
        DurableFile.FlushDirectory(folder);
        Directory.Move(folder, Folder(manifest.ImportId));
        DurableFile.FlushDirectory(_directory);
    }

    /// <summary>Imports that are not finished.</summary>
    public IReadOnlyList<Guid> Pending()
    {
        var pending = new List<Guid>();
        foreach (var path in Directory.EnumerateFiles(Folder("pending")))
        {
            if (Guid.TryParse(Path.GetFileName(path), out var importId) && Find(importId) is { Finished: false })
                pending.Add(importId);
            else File.Delete(path);
        }

        return pending;
    }

    public FileStream OpenMessage(Guid importId) =>
        new(Path.Combine(Folder(importId), "pain001.xml"), FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024);

    public string ResultsPath(Guid importId) => Path.Combine(Folder(importId), "results.jsonl");

    /// <summary>Writes the results in the order of the file, then marks the import as finished.</summary>
    public void Finish(ImportManifest manifest, IReadOnlyList<PaymentResult> results)
    {
        using var sorted = new MemoryStream();
        foreach (var result in results)
        {
            JsonSerializer.Serialize(sorted, result, ImportJson.Default.PaymentResult);
            sorted.WriteByte((byte)'\n');
        }

        DurableFile.Write(ResultsPath(manifest.ImportId), sorted.GetBuffer().AsSpan(0, (int)sorted.Length));
        DurableFile.Write(Path.Combine(Folder(manifest.ImportId), "import.json"),
            JsonSerializer.SerializeToUtf8Bytes(manifest, ImportJson.Default.ImportManifest));
        File.Delete(PendingPath(manifest.ImportId));
    }

    /// <summary>Results of a finished import, in the order of the file.</summary>
    public IReadOnlyList<PaymentResult> ReadResults(Guid importId, int from, int limit) =>
        [.. File.ReadLines(ResultsPath(importId)).Skip(from)
            .Take(limit).Select(line => JsonSerializer.Deserialize(line, ImportJson.Default.PaymentResult)!)];

    /// <summary>Stored results of an import that is not running yet, in the order of the file.</summary>
    public IReadOnlyList<PaymentResult> ReadJournal(Guid importId)
    {
        if (!File.Exists(ResultsPath(importId))) return [];
        using var file = new FileStream(
            ResultsPath(importId), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return [.. ResultJournal.Read(file).Results.OrderBy(result => result.Index)];
    }

    private string Folder(string name) => Path.Combine(_directory, name);

    private string Folder(Guid importId) => Path.Combine(_directory, importId.ToString());

    private string MessagePath(MessageClaims claims) =>
        Path.Combine(Folder("messages"), claims.Message.ToString());

    private string PendingPath(Guid importId) => Path.Combine(Folder("pending"), importId.ToString());
}
