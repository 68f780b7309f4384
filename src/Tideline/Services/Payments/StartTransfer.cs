using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Sagas;

namespace Tideline.Services.Payments;

/// <summary>
/// Starts a transfer on the source's shard. If both accounts are there, debit and credit are one transaction, which is
/// the whole saga (<see cref="SagaDefinition.Within"/>). Otherwise one transaction debits to clearing, stores the saga
/// and sends its message to the other shard.
/// </summary>
internal sealed record StartTransfer(Guid TransferId, Guid From, Guid To, Money Amount, string? Reference)
    : LedgerCommand
{
    public override Guid RouteId => From;

    internal override Guid Subject => TransferId;

    internal override LedgerCommand About(Guid subject) => this with { TransferId = subject };

    /// <summary>Parties and other details of the payment.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>A refusal from the destination's shard, to be stored under the key.</summary>
    [JsonInclude]
    internal Refusal? Known { get; init; }

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(From);
        if (IsWithin(context)) keys.Accounts.Add(To);
        else keys.Accounts.Add(context.SystemAccount(AccountKind.Clearing, Amount.Currency));
    }

    internal override Reply Decide(Batch batch)
    {
        var refusal = (From == To
                ? new Refusal(RefusalReason.SameAccount, "Source and destination are the same account.")
                : null)
            ?? AccountRules.Amount(Amount) ?? Known ?? (IsWithin(batch.Context) ? Here(batch) : Across(batch));
        // The outcome names the transfer, so that it can be found by its key: Transfers.FindAsync.
        return refusal is not null
            ? batch.Refuse(refusal.Reason, refusal.Detail, TransferId)
            : batch.Done(
                TransferId, batch.Account(From)!.PostedMinor,
                IsWithin(batch.Context) ? OutcomeKind.Done : OutcomeKind.Saga);
    }

    private bool IsWithin(ShardContext context) => context.Map.ShardOf(To) == context.Shard;

    // Only the view step is left, so the saga has no row: the transaction with the same id is its whole record.
    private Refusal? Here(Batch batch) => batch.Record(
        new Posting(TransferId, TransactionKind.Transfer)
        {
            Reference = Reference, SagaId = TransferId, Details = Details,
        },
        new Leg(From, Amount.Currency, -Amount.Minor) { CounterpartyId = To },
        new Leg(To, Amount.Currency, Amount.Minor) { CounterpartyId = From });

    private Refusal? Across(Batch batch) => SagaEngine.Begin(batch, TransferSaga.Version1, TransferId, new SagaData
    {
        From = From, To = To, AmountMinor = Amount.Minor, Currency = Amount.Currency.Code, Reference = Reference,
        Details = Details,
    });
}
