using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// Finds documents without a counterpart in the ledger. Events are committed before their documents are written, so
/// every finding is an error. Also finds documents that no read or no query can find. An ordinary check searches only
/// for documents whose ids are not text.
/// </summary>
internal sealed class OrphanCheck(
    GeneralLedger ledger, IViewStore views, ViewNames names, bool deep, List<string> findings)
{
    public async Task FindAsync(CancellationToken cancel)
    {
        foreach (var definition in names.Definitions)
        {
            foreach (var id in await views.FindForeignAsync(definition.Name, Limits.PageRows, cancel))
            {
                if (findings.Count < AuditLimits.VerifyFindings)
                    findings.Add($"A document of {definition.Name} with the id {id} was written by another program.");
            }
        }

        if (!deep) return;
        foreach (var definition in names.Definitions)
        {
            foreach (var id in await views.FindMisindexedAsync(definition.Name, Limits.PageRows, cancel))
            {
                if (findings.Count >= AuditLimits.VerifyFindings) return;
                findings.Add(
                    $"Document {id} of {definition.Name} is not found by its own fields: another program edited the "
                    + $"index. To repair it: ./tideline projections rebuild {names.Definition.Name} --force.");
            }
        }

        foreach (var collection in names.Definition.Collections)
        {
            if (collection.IsBacked is not { } isBacked) continue;
            await foreach (var id in DocumentIds.OfAsync(views, names.Of(collection.Name), cancel))
            {
                if (findings.Count >= AuditLimits.VerifyFindings) return;
                if (!await isBacked(ledger, id, cancel))
                    findings.Add($"Document {id} of {collection.Name} belongs to nothing in the ledger.");
            }
        }
    }
}
