using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Services/Accounts.</summary>
internal static class AccountMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "capture-forgets-earlier-captures",
            File = "Services/Accounts/CaptureHold.cs",
            Find = """if (amount.Minor > hold.RemainingMinor)""",
            Replace = """
                if (amount.Minor
                            > (Planted.Is("capture-forgets-earlier-captures") ? hold.AmountMinor : hold.RemainingMinor))
                """,
            What = "More than a hold has left can be captured.",
            How = "A hold is captured in part, and then once more for more than the rest.",
            Laws = "I2 I5 model",
            Focus = RunFocus.Holds,
        },
        new()
        {
            Name = "expired-hold-captured",
            File = "Services/Accounts/CaptureHold.cs",
            Find = """if (hold!.ExpiresUs <= batch.TimeUs)""",
            Replace = """if (hold!.ExpiresUs <= batch.TimeUs && !Planted.Is("expired-hold-captured"))""",
            What = "A hold can be captured after its expiry until the sweep releases it.",
            How = "A capture between the expiry of a hold and the next round of the timers.",
            Laws = "model",
            Focus = RunFocus.Holds,
        },
        new()
        {
            Name = "captured-hold-released",
            File = "Services/Accounts/HoldRules.cs",
            Find = """if (hold.Status == HoldStatus.Open) return null;""",
            Replace = """
                if (hold.Status == HoldStatus.Open
                            || (hold.Status == HoldStatus.Captured
                                && Planted.Is("captured-hold-released"))) return null;
                """,
            What = "A captured hold can be released.",
            How = "A hold is captured, and then released.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "release-forgets-settlement",
            File = "Services/Accounts/HoldRules.cs",
            Find = """settlement.PendingInMinor -= amountMinor;""",
            Replace = """
                if (!Planted.Is("release-forgets-settlement")) settlement.PendingInMinor -= amountMinor;
                """,
            What = "A released hold is still announced on the settlement account.",
            How = "A hold is released or expires.",
            Laws = "I2",
            IsFrequent = true,
        },
        new()
        {
            Name = "frozen-holds-never-expire",
            File = "Services/Accounts/HoldExpiry.cs",
            Find = """if (await reader.GetAccountAsync(hold.AccountId, cancel) is { } account)""",
            Replace = """
                if (await reader.GetAccountAsync(hold.AccountId, cancel) is { } account
                                && (account.Status == AccountStatus.Open
                                    || !Kernel.Planted.Is("frozen-holds-never-expire")))
                """,
            What = "A hold on a frozen account never expires.",
            How = "An account with a hold is frozen until after the expiry.",
            Laws = "I6",
        },
        new()
        {
            Name = "closes-with-holds",
            File = "Services/Accounts/SetAccountStatus.cs",
            Find = """account.PendingOutMinor != 0))""",
            Replace = """(account.PendingOutMinor != 0 && !Planted.Is("closes-with-holds"))))""",
            What = "An account closes although money is held on it.",
            How = "A hold on the overdraft of an account with balance zero, and then its closing.",
            Laws = "model",
        },
        new()
        {
            Name = "closed-account-reopened",
            File = "Services/Accounts/SetAccountStatus.cs",
            Find = """if (account.Status == AccountStatus.Closed && Status != AccountStatus.Closed)""",
            Replace = """
                if (account.Status == AccountStatus.Closed
                            && Status != AccountStatus.Closed && !Planted.Is("closed-account-reopened"))
                """,
            What = "A closed account can be opened again.",
            How = "A closed account is opened.",
            Laws = "model",
        },
        new()
        {
            Name = "status-set-before-checks",
            File = "Services/Accounts/SetAccountStatus.cs",
            Find = """$"Account {AccountId} is already {Status.Word()}.");""",
            Replace = """
                $"Account {AccountId} is already {Status.Word()}.");
                    if (Planted.Is("status-set-before-checks")) account.Status = Status;
                """,
            What = "A refused closing leaves the account closed for the rest of its batch.",
            How = "The closing of an account with money and a deposit to it are in one batch.",
            Laws = "I16 model",
        },
        new()
        {
            Name = "id-of-an-account-for-a-customer",
            File = "Services/Accounts/CreateCustomer.cs",
            Find = """if (batch.HolderOf(CustomerId) is { } holder)""",
            Replace = """
                if (batch.HolderOf(CustomerId) is { } holder && !Planted.Is("id-of-an-account-for-a-customer"))
                """,
            What = "A customer may have the id of an account.",
            How = "A customer is created with the id of an account.",
            Laws = "I15 model",
        },
        new()
        {
            Name = "claim-released-by-repeat",
            File = "Services/Accounts/AccountOpening.cs",
            Find = """if (reply.Refusal is not null) await""",
            Replace = """
                if (reply.Refusal is not null || (reply.IsRepeat && Planted.Is("claim-released-by-repeat"))) await
                """,
            What = "A repeat of an opening releases the IBAN of the opened account.",
            How = "The same request to open an account with an IBAN arrives twice at once.",
            Laws = "I15",
        },
        new()
        {
            Name = "horizon-after-read",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """found.Lease, horizon, stored, cancel);""",
            Replace = """
                found.Lease,
                                Planted.Is("horizon-after-read") ? _freshness.Horizon() : horizon, stored, cancel);
                """,
            What = "The proof of freshness of a cached document is taken after the document was read.",
            How = "An event is projected between the read of a document and its way into the cache.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
            NotFoundYet = "An event must be projected between the read of a document and its way into the cache.",
        },
        new()
        {
            Name = "page-skips-same-time",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """new Cursor(transactions[^1].BookedAtUs, found[^1].Id)""",
            Replace = """
                new Cursor(transactions[^1].BookedAtUs - (Planted.Is("page-skips-same-time") ? 1 : 0), found[^1].Id)
                """,
            What = "The next page begins after all movements of the same time.",
            How = "A page of movements ends between two that were booked in one batch.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "search-not-fenced",
            File = "Services/Accounts/Views/CustomerQueries.cs",
            Find = """if (consistency.Level == ConsistencyLevel.Strong && to is { } end)""",
            Replace = """
                if (consistency.Level == ConsistencyLevel.Strong
                            && !Planted.Is("search-not-fenced") && to is { } end)
                """,
            What = "A strong search of a past period may change later.",
            How = "A strong search of a period that ends now, while a batch is being committed.",
            Laws = "model",
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "accounts-of-one-shard",
            File = "Services/Accounts/Views/LedgerCustomerReader.cs",
            Find = """accounts.AddRange(""",
            Replace = """
                if (!Planted.Is("accounts-of-one-shard") || shard == ledger.Map.ShardOf(id)) accounts.AddRange(
                """,
            What = "A strong read of a customer lists only the accounts on the customer's own shard.",
            How = "A strong read of a customer with an account on another shard.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "legs-on-one-account-are-one-movement",
            File = "Services/Accounts/Views/CustomersProjection.cs",
            Find = """is { } entry ? Write(entry) : null,""",
            Replace = """
                is { } entry
                            && (!Planted.Is("legs-on-one-account-are-one-movement")
                                || Planted.IsFirst((entry.TransactionId, entry.AccountId), entry.EntryVersion))
                            ? Write(entry) : null,
                """,
            What = "A transaction with two legs on one account has one movement in the views.",
            How = "A transaction with two legs on one account, and a list of movements: the simulation found it.",
            Laws = "I8 I10",
            IsFrequent = true,
        },
        new()
        {
            Name = "view-available-without-held",
            File = "Services/Accounts/Views/CustomerFold.cs",
            Find = """data.PostedMinor - data.HeldMinor + data.OverdraftLimitMinor""",
            Replace = """
                data.PostedMinor - (Planted.Is("view-available-without-held") ? 0 : data.HeldMinor)
                                + data.OverdraftLimitMinor
                """,
            What = "The view shows held money as available.",
            How = "A hold is placed, and the customer is read from the view.",
            Laws = "model",
            IsFrequent = true,
        },
    ];
}
