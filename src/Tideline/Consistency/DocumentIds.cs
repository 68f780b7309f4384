using System.Runtime.CompilerServices;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>The ids of a collection's documents, in order, read one page at a time.</summary>
internal static class DocumentIds
{
    public static async IAsyncEnumerable<string> OfAsync(
        IViewStore views, string collection, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? after = null;
        while (true)
        {
            var page = await views.QueryAsync(
                new DocumentQuery(collection, new Dictionary<string, object>(), null, null,
                    null, Descending: false, [], null, after is null ? null : ("", after), Limits.PageRows), cancel);
            if (page.Count == 0) yield break;
            foreach (var document in page) yield return document.Id;
            after = page[^1].Id;
        }
    }
}
