namespace Tideline.Tools.Drills.Faults;

/// <summary>Somebody edits and deletes documents of the views and rows of the ledger past the program.</summary>
internal sealed class EditFault(IStoreEditor editor)
    : DrilledFault("edit", "documents and rows are edited and deleted past the program")
{
    private const int Edits = 6, EditMs = 400, Inspected = 3;
    private readonly HashSet<Guid> _touched = [];

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        scene.Log.TouchViews();
        // A changed balance that nobody has verified yet is read as it stands there: see the inspection.
        for (var edit = 0; edit < Edits; edit++)
        {
            var customer = Any(scene);
            _touched.Add(customer);
            if (edit % 2 == 0) await editor.BreakDocumentAsync(customer, cancel);
            else await editor.DeleteDocumentAsync(customer, cancel);
            scene.Log.Note($"the document of customer {customer} is {(edit % 2 == 0 ? "made unreadable" : "deleted")}");
            await Task.Delay(EditMs, cancel);
        }
    }

    public override async Task MendAsync(DrillScene scene, CancellationToken cancel)
    {
        foreach (var customer in _touched) await RepairAsync(scene, customer);
        _touched.Clear();
    }

    public override async Task InspectAsync(DrillScene scene, CancellationToken cancel)
    {
        foreach (var (what, harmAsync) in ((string, Func<Guid, CancellationToken, Task>)[])[
            ("a balance in the document is changed", editor.EditDocumentAsync),
            ("the document is made unreadable", editor.BreakDocumentAsync),
            ("the document is deleted", editor.DeleteDocumentAsync)])
        {
            var customer = Any(scene);
            await harmAsync(customer, cancel);
            await scene.RequireFoundAsync($"customer {customer}: {what}", $"{customer}");
            await RepairAsync(scene, customer);
        }

        var first = scene.Random.Below(LedgerCell.All.Count);
        for (var cell = first; cell < first + Inspected; cell++)
            await FlipAsync(scene, LedgerCell.All[cell % LedgerCell.All.Count], cancel);
    }

    // A node that stops writes into its files: the bit is flipped back before it may.
    private async Task FlipAsync(DrillScene scene, LedgerCell cell, CancellationToken cancel)
    {
        var shard = scene.Random.Below(scene.Bank.Installation.Shards);
        if (editor.NeedsStop) await scene.Bank.StopAllAsync();
        var row = await editor.FlipAsync(shard, cell, row: null, cancel);
        if (editor.NeedsStop) await scene.Bank.StartAllAsync(cancel);
        if (row is not null)
        {
            await scene.RequireFoundAsync(
                $"a bit of {cell} of shard {shard} is flipped", $"shard {shard}", $"{shard}:", "account ");
        }

        if (editor.NeedsStop) await scene.Bank.StopAllAsync();
        if (row is not null) await editor.FlipAsync(shard, cell, row, cancel);
        if (editor.NeedsStop) await scene.Bank.StartAllAsync(cancel);
    }

    private static Guid Any(DrillScene scene)
    {
        // A document without an account has no balance to change.
        var customers = scene.Clients.Known.Accounts.Select(account => account.Customer).Distinct().ToList();
        return customers[scene.Random.Below(customers.Count)];
    }

    private static async Task RepairAsync(DrillScene scene, Guid customer)
    {
        var repaired = await scene.Clients.AskQuietlyAsync(
            0, "POST", $"/v1/ops/projections/repair/{customer}", "{\"projection\":\"customers\"}");
        scene.Log.Note($"customer {customer} is repaired: {repaired.Status}");
        if (repaired.Status is not (200 or 202))
            scene.Violations.Add("I8", $"Customer {customer} cannot be repaired: {repaired.Status} {repaired.Json}");
    }
}
