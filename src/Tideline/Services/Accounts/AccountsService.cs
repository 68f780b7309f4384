using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Services.Accounts;

/// <summary>Customers and their accounts: opened, frozen and closed, deposits, withdrawals and holds.</summary>
public sealed class AccountsService : BankService
{
    /// <inheritdoc/>
    public override string Name => "accounts";

    /// <inheritdoc/>
    public override IReadOnlyList<CommandKind> Commands { get; } =
    [
        new("createCustomer", AccountsJson.Default.CreateCustomer),
        new("openAccount", AccountsJson.Default.OpenAccount),
        new("deposit", AccountsJson.Default.Deposit), new("withdraw", AccountsJson.Default.Withdraw),
        new("placeHold", AccountsJson.Default.PlaceHold), new("captureHold", AccountsJson.Default.CaptureHold),
        new("releaseHold", AccountsJson.Default.ReleaseHold),
        new("setAccountStatus", AccountsJson.Default.SetAccountStatus),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<DueWork> Timers { get; } = [new("holds past their expiry", HoldExpiry.FindAsync)];
}
