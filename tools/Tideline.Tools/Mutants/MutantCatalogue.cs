namespace Tideline.Tools.Mutants;

/// <summary>
/// All bugs to plant, each as a careless change would look. Together they touch every invariant: a simulation that
/// finds none of one kind does not look there.
/// </summary>
internal static class MutantCatalogue
{
    /// <summary>The seeds within which the simulation finds each of those that it must find.</summary>
    public const int Seeds = 200;

    /// <summary>The names of those that a few runs find.</summary>
    public static IEnumerable<string> Frequent => All.Where(each => each.IsFrequent).Select(each => each.Name);

    public static IReadOnlyList<Mutant> All { get; } =
    [
        .. KernelMutants.All,
        .. LedgerMutants.All,
        .. OwnershipMutants.All,
        .. PostingMutants.All,
        .. LogMutants.All,
        .. AuditMutants.All,
        .. SagaMutants.All,
        .. ProjectionMutants.All,
        .. QueryMutants.All,
        .. AccountMutants.All,
        .. PaymentMutants.All,
    ];
}
