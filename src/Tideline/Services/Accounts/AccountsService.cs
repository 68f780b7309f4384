using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services.Accounts.Views;

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
    public override IReadOnlyList<ProjectionDefinition> Projections { get; } = [CustomersProjection.Definition];

    /// <inheritdoc/>
    public override IReadOnlyList<DueWork> Timers { get; } = [new("holds past their expiry", HoldExpiry.FindAsync)];

    /// <inheritdoc/>
    public override IReadOnlyList<ServiceCheck> Checks { get; } = [IbanCheck.Check];

    /// <summary>The read side of customers; null until the view tier is open.</summary>
    public CustomerViews? Views { get; internal set; }

    /// <inheritdoc/>
    public override void StartViews(ViewContext context)
    {
        Views = CustomerViews.Start(context);
        context.Keep(Views);
    }
}
