namespace Tideline.Tools.Mutants;

/// <summary>
/// All bugs to plant, each as a careless change would look. Together they touch every invariant: a simulation that
/// finds none of one kind does not look there.
/// </summary>
internal static class MutantCatalogue
{
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
