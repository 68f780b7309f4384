using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>The ISO 20022 external bank transaction code of an entry: domain PMNT, family and sub-family.</summary>
internal readonly record struct BankTransactionCode(string Family, string SubFamily)
{
    public static BankTransactionCode Of(StatementEntry entry) => (entry.Kind, entry.AmountMinor < 0) switch
    {
        // Issued and received credit transfers within the bank's own books.
        (TransactionKind.Transfer, true) => new("ICDT", "BOOK"),
        (TransactionKind.Transfer, false) => new("RCDT", "BOOK"),
        // The refund of an issued transfer that could not be credited.
        (TransactionKind.Refund, _) => new("ICDT", "RRTN"),
        // A payout of money on suspense from a transfer that could not be refunded.
        (TransactionKind.Payout, _) => new("RCDT", "BOOK"),
        (TransactionKind.Deposit, _) => new("CNTR", "CDPT"),
        (TransactionKind.Withdrawal, _) => new("CNTR", "CWDL"),
        (TransactionKind.Capture, _) => new("CCRD", "POSD"),
        _ => new("NTAV", "NTAV"),
    };
}
