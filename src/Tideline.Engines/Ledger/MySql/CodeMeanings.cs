using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// A sentence for each code that is stored, for the table <c>codes</c>: what the enums say of their values, for a
/// reader who has no source. A value without a sentence has an empty one, which a test finds.
/// </summary>
internal static class CodeMeanings
{
    public static string Of(AccountKind kind) => kind switch
    {
        AccountKind.Customer => "Account of a customer; its available balance is never negative.",
        AccountKind.Cash => "System account: money that enters or leaves the bank.",
        AccountKind.Clearing => "System account: money between the debit and the credit of a transfer across shards.",
        AccountKind.Settlement => "System account: receives captured holds.",
        AccountKind.Suspense => "System account: money that could not be returned; an operator pays it out.",
        _ => "",
    };

    public static string Of(AccountStatus status) => status switch
    {
        AccountStatus.Open => "Money may come and go.",
        AccountStatus.Frozen => "No money may come or go, except refunds and captures of earlier holds.",
        AccountStatus.Closed => "Closed for ever, with a balance of 0.",
        _ => "",
    };

    public static string Of(HoldStatus status) => status switch
    {
        HoldStatus.Open => "Reserves money.",
        HoldStatus.Captured => "Captured in whole or in part; reserves nothing any more.",
        HoldStatus.Released => "Released by a command.",
        HoldStatus.Expired => "Released because its time passed.",
        _ => "",
    };

    public static string Of(OutcomeKind kind) => kind switch
    {
        OutcomeKind.Reserved => "The key is used; the outcome itself is on the shard of its subject.",
        OutcomeKind.Done => "Executed; subject, balance and event are the reply.",
        OutcomeKind.Refused => "Refused; nothing changed. Reason and detail are the reply.",
        OutcomeKind.Saga => "A saga was started; the saga is the reply.",
        _ => "",
    };
}
