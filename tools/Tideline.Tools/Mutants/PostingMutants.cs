using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Ledger: what may be booked, and what is written of it.</summary>
internal static class PostingMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "event-number-skipped",
            File = "Ledger/Batch.cs",
            Find = """new Position(Context.Shard, ++_eventSeq), type, customer.Id,""",
            Replace = """
                new Position(Context.Shard, Planted.Is("event-number-skipped") ? _eventSeq += 2 : ++_eventSeq), type,
                    customer.Id,
                """,
            What = "The event of a new customer skips a number.",
            How = "A customer is created.",
            Laws = "I7 I9",
            IsFrequent = true,
        },
        new()
        {
            Name = "account-version-not-raised",
            File = "Ledger/Batch.cs",
            Find = """        account.Version++;""",
            Replace = """
                    if (!Planted.Is("account-version-not-raised")
                        || type != EventType.BalanceUpdated) account.Version++;
            """,
            What = "Events about holds and states have the version of the event before them.",
            How = "A hold is placed: the view passes over its event.",
            Laws = "I8 I16 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "credit-without-event",
            File = "Ledger/Batch.cs",
            Find = """if (account.Kind == AccountKind.Customer)""",
            Replace = """
                if (account.Kind == AccountKind.Customer
                            && !(Planted.Is("credit-without-event")
                                && leg.AmountMinor > 0 && posting.Kind == TransactionKind.Transfer))
                """,
            What = "The credit of a transfer has no event.",
            How = "Any transfer: the view of the payee never shows it.",
            Laws = "I8 I16 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "balance-after-capture-wrong",
            File = "Ledger/Batch.cs",
            Find = """leg.AmountMinor, account.PostedMinor, TimeUs""",
            Replace = """
                leg.AmountMinor,
                            account.PostedMinor
                                - (Planted.Is("balance-after-capture-wrong") && leg.PromisedMinor > 0
                                    ? leg.AmountMinor : 0),
                            TimeUs
                """,
            What = "The entry of a captured hold has the balance before it.",
            How = "A hold is captured, and entries or a statement are read.",
            Laws = "I2 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "final-capture-keeps-the-rest-held",
            File = "Ledger/Batch.cs",
            Find = """account.PendingOutMinor -= leg.PromisedMinor ?? 0;""",
            Replace = """
                account.PendingOutMinor -= Planted.Is("final-capture-keeps-the-rest-held")
                            ? Math.Min(leg.PromisedMinor ?? 0, -leg.AmountMinor)
                            : leg.PromisedMinor ?? 0;
                """,
            What = "A last capture of a part leaves the rest of its hold held for ever.",
            How = "A hold is captured in part, as its last capture.",
            Laws = "I2 model",
        },
        new()
        {
            Name = "hold-ignored-in-available",
            File = "Ledger/Rows.cs",
            Find = """checked(PostedMinor - PendingOutMinor + OverdraftLimitMinor)""",
            Replace = """
                checked(
                        PostedMinor - (Planted.Is("hold-ignored-in-available") ? 0 : PendingOutMinor)
                        + OverdraftLimitMinor)
                """,
            What = "Held money counts as available.",
            How = "A withdrawal of more than the balance less its holds.",
            Laws = "I5 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "overdraft-off-by-one",
            File = "Ledger/Commands/AccountRules.cs",
            Find = """account.AvailableMinor + promisedMinor >= amount.Minor""",
            Replace = """
                account.AvailableMinor + promisedMinor >= amount.Minor - (Planted.Is("overdraft-off-by-one") ? 1 : 0)
                """,
            What = "One minor unit more than the limit may be spent.",
            How = "A payment of exactly one minor unit more than is available.",
            Laws = "I5 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "frozen-account-moves",
            File = "Ledger/Commands/AccountRules.cs",
            Find = """if (account.Status == AccountStatus.Frozen && !evenFrozen)""",
            Replace = """
                if (account.Status == AccountStatus.Frozen && !evenFrozen && !Planted.Is("frozen-account-moves"))
                """,
            What = "A frozen account pays and is paid.",
            How = "A movement on a frozen account.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "closed-account-takes-money",
            File = "Ledger/Commands/AccountRules.cs",
            Find = """if (account.Status == AccountStatus.Closed)""",
            Replace = """if (account.Status == AccountStatus.Closed && !Planted.Is("closed-account-takes-money"))""",
            What = "A closed account takes money.",
            How = "A movement on a closed account, or a transfer whose destination closes under way.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "closes-with-transfers-under-way",
            File = "Ledger/Commands/AccountRules.cs",
            Find = """account.ReturnableMinor != 0""",
            Replace = """account.ReturnableMinor != 0 && !Planted.Is("closes-with-transfers-under-way")""",
            What = "An account closes while a transfer may still return money to it.",
            How = "The source of a transfer across shards is closed before the transfer ends.",
            Laws = "model",
            IsFrequent = true,
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "closes-with-credits-announced",
            File = "Ledger/Commands/AccountRules.cs",
            Find = """account.PendingInMinor != 0""",
            Replace = """account.PendingInMinor != 0 && !Planted.Is("closes-with-credits-announced")""",
            What = "An account closes while a transaction has reserved a credit for it.",
            How = "An empty account is closed between reserving and posting of a transaction across shards.",
            Laws = "I6 I12 model",
            Focus = RunFocus.Crossing,
        },
        new()
        {
            Name = "currencies-added-together",
            File = "Ledger/PostingRules.cs",
            Find = """if (leg.Currency == currency) sum += leg.AmountMinor;""",
            Replace = """
                if (leg.Currency == currency || Planted.Is("currencies-added-together")) sum += leg.AmountMinor;
                """,
            What = "The legs of a transaction must add up to zero over all currencies, not in each.",
            How = "A transaction with equal amounts of two currencies.",
            Laws = "I1",
        },
        new()
        {
            Name = "only-first-leg-judged",
            File = "Ledger/PostingRules.cs",
            Find = """isFirst ? NetOf(legs, leg.AccountId) : default;""",
            Replace = """
                !isFirst ? default
                            : Planted.Is("only-first-leg-judged") ? (leg.AmountMinor, leg.PromisedMinor ?? 0)
                            : NetOf(legs, leg.AccountId);
                """,
            What = "Funds are judged by the first leg of an account, not by the net of its legs.",
            How = "A transaction with two debits on one account, of which only the first is covered.",
            Laws = "I5 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "promise-refused-when-frozen",
            File = "Ledger/PostingRules.cs",
            Find = """evenFrozen || leg.PromisedMinor is not null""",
            Replace = """
                evenFrozen || (leg.PromisedMinor is not null && !Planted.Is("promise-refused-when-frozen"))
                """,
            What = "What was promised before an account was frozen is refused.",
            How = "An account with a hold, or with a reserved leg, is frozen before the capture or the posting.",
            Laws = "I6 I12 model",
        },
        new()
        {
            Name = "clearing-without-owner",
            File = "Ledger/SystemAccounts.cs",
            Find = """key.Owner == key.Shard ? 0 : key.Owner + 1""",
            Replace = """
                key.Owner == key.Shard || Planted.Is("clearing-without-owner") ? 0 : key.Owner + 1
                """,
            What = "The id of a clearing account lacks the owner, so all sagas of a shard share one.",
            How = "Transfers across shards in both directions.",
            Laws = "I12",
            Focus = RunFocus.Crossing,
        },
    ];
}
