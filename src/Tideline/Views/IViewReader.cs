namespace Tideline.Views;

/// <summary>Reads of documents from the view tier.</summary>
public interface IViewReader
{
    /// <summary>The documents that exist among <paramref name="ids"/>, in that order.</summary>
    ValueTask<IReadOnlyList<Document>> ReadAsync(
        string collection, IReadOnlyList<string> ids, CancellationToken cancel);

    /// <summary>
    /// Documents that match, one page, in the order of <see cref="DocumentQuery.OrderBy"/> (null: in the order of their
    /// ids; <see cref="DocumentQuery.After"/> then counts by its id alone).
    /// </summary>
    /// <exception cref="Kernel.TidelineException">InvalidInput: no index answers it. One does whose fields are those of
    /// <see cref="DocumentQuery.Equal"/> and then the one of OrderBy.</exception>
    ValueTask<IReadOnlyList<Document>> QueryAsync(DocumentQuery query, CancellationToken cancel);
}
