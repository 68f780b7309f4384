using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>Claims in the order of their spaces, then of their names.</summary>
internal sealed class ClaimOrder : IComparer<ClaimKey>
{
    public static ClaimOrder Instance { get; } = new();

    public int Compare(ClaimKey x, ClaimKey y) =>
        string.CompareOrdinal(x.Space, y.Space) is not 0 and var spaces
            ? spaces
            : string.CompareOrdinal(x.Name, y.Name);
}
