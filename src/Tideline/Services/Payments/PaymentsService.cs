using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Sagas;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Statements;

namespace Tideline.Services.Payments;

/// <summary>Transfers, ISO 20022 files and statements.</summary>
public sealed class PaymentsService : BankService
{
    /// <inheritdoc/>
    public override string Name => "payments";

    /// <inheritdoc/>
    public override IReadOnlyList<CommandKind> Commands { get; } =
    [
        new("startTransfer", PaymentsJson.Default.StartTransfer),
        new("postTransaction", PaymentsJson.Default.PostTransaction),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<SagaDefinition> Sagas { get; } = [TransferSaga.Version1];

    /// <summary>Transfers between accounts.</summary>
    public Transfers Transfers { get; private set; } = null!;

    /// <summary>Transactions of any number of legs.</summary>
    public Transactions Transactions { get; private set; } = null!;

    /// <summary>ISO 20022 files.</summary>
    public PaymentImports Imports { get; private set; } = null!;

    /// <summary>Account statements.</summary>
    public AccountStatements Statements { get; private set; } = null!;

    /// <inheritdoc/>
    public override FolderSnapshot? PinFiles(string folder) => ImportSnapshot.Of(ImportFolder(folder));

    /// <inheritdoc/>
    public override void Start(ServiceContext context)
    {
        Transfers = new Transfers(context.Ledger, context.Sagas, context.Time);
        Transactions = new Transactions(context.Ledger, context.Sagas, context.Time);
        Imports = PaymentImports.Start(
            ImportFolder(context.Folder), ImportPorts.Of(context.Ledger, Transfers), context.Time,
            context.Loggers.CreateLogger<PaymentImports>());
        context.Keep(Imports);
        context.Health.Register("imports", FaultScope.Detail, () => Imports.Fault);
        Statements = new AccountStatements(context.Ledger);
    }

    private static string ImportFolder(string folder) => Path.Combine(folder, "imports");
}
