using CsCheck;
using Tideline.Ledger;

namespace Tideline.Tests.Races;

internal enum Act
{
    Deposit,
    Withdraw,
    Transfer,
    Hold,
    Capture,
    Release,
    SetStatus,
    Read,
}

/// <summary>
/// One thing that a thread does to the two accounts of a race. Equal steps are equal requests, so that one key meets
/// both its own request again and another one.
/// </summary>
/// <param name="Act">What it does.</param>
/// <param name="Account">The account: 0 or 1. A transfer goes to the other.</param>
/// <param name="Hold">The hold: 0 or 1.</param>
/// <param name="Minor">The amount.</param>
/// <param name="Status">The status to set.</param>
/// <param name="Key">The idempotency key, which all threads share; 0 for none.</param>
internal sealed record LedgerStep(Act Act, int Account, int Hold, long Minor, AccountStatus Status, int Key)
{
    private static readonly Act[] Acts =
    [
        Act.Deposit, Act.Withdraw, Act.Withdraw, Act.Transfer, Act.Transfer, Act.Hold, Act.Capture, Act.Release,
        Act.SetStatus, Act.Read, Act.Read,
    ];

    private static readonly long[] Amounts = [400, 1_000, 0];

    public static Gen<LedgerStep> Any { get; } = Gen.Select(
        Gen.Int[0, Acts.Length - 1], Gen.Int[0, 1], Gen.Int[0, 1], Gen.Int[0, Amounts.Length - 1], Gen.Int[0, 2],
        Gen.Int[0, 2],
        (act, account, hold, amount, status, key) =>
            new LedgerStep(Acts[act], account, hold, Amounts[amount], (AccountStatus)status, key));

    /// <summary>The request, without its key.</summary>
    public string Request => Act switch
    {
        Act.Hold or Act.Capture => $"{Act} {Minor} of {Account} by {Hold}",
        Act.Release => $"{Act} {Hold} of {Account}",
        Act.SetStatus => $"{Act} {Account} to {Status}",
        Act.Read => $"{Act} {Account}",
        _ => $"{Act} {Minor} of {Account}",
    };

    public override string ToString() => Key == 0 || Act == Act.Read ? Request : $"{Request} with key {Key}";
}
