using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tools.Drills;
using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

public sealed class ProofTests
{
    private static readonly Guid From = new SeededRandom(1).NextGuid();
    private static readonly Guid To = new SeededRandom(2).NextGuid();

    [Fact]
    public void Books_that_hold_what_was_acknowledged_pass() => Broken(Asked(201), Moved(once: true)).ShouldBeEmpty();

    [Fact]
    public void An_unknown_request_may_have_happened_or_not()
    {
        Broken(Asked(null), Moved(once: true)).ShouldBeEmpty();
        Broken(Asked(null), new Books()).ShouldBeEmpty();
    }

    [Fact]
    public void An_acknowledged_transfer_that_is_not_in_the_books_is_lost() =>
        Broken(Asked(201), new Books()).ShouldBe(["I3 nothing acknowledged is lost"]);

    [Fact]
    public void A_transfer_on_its_way_that_left_no_trace_is_lost() =>
        Broken(Asked(202), new Books()).ShouldBe(["I3 nothing acknowledged is lost"]);

    [Fact]
    public void A_transfer_that_happened_twice_is_found() =>
        Broken(Asked(null), Moved(once: false)).ShouldContain("I3 nothing happened twice");

    [Fact]
    public void A_refused_transfer_that_happened_is_a_contradiction() =>
        Broken(Asked(422), Moved(once: true)).ShouldBe(["I3 what was answered is what happened"]);

    [Fact]
    public void A_refused_transfer_that_was_given_back_passes() => Broken(Asked(422), GivenBack()).ShouldBeEmpty();

    [Fact]
    public void An_acknowledged_transfer_that_was_given_back_is_lost() =>
        Broken(Asked(201), GivenBack()).ShouldBe(["I3 nothing acknowledged is lost"]);

    [Fact]
    public void A_debit_without_its_credit_is_a_contradiction()
    {
        var books = new Books { Movements = { ["t"] = [new Movement(From, -5, TransactionKind.Transfer)] } };

        Broken(Asked(null), books).ShouldContain("I3 what was answered is what happened");
    }

    [Fact]
    public void A_movement_that_nobody_asked_for_is_found()
    {
        var books = Moved(once: true);
        books.Movements["ghost"] = [new Movement(To, 1, TransactionKind.Deposit)];

        Broken(Asked(201), books).ShouldContain("I3 nothing happened that nobody asked for");
    }

    [Fact]
    public void A_balance_that_differs_from_the_model_is_found()
    {
        var books = Moved(once: true);
        books.Accounts[To].PostedMinor++;

        Broken(Asked(201), books).ShouldBe(["balances equal the model"]);
    }

    [Fact]
    public void An_account_below_its_limit_is_found()
    {
        var books = Moved(once: true);
        books.Accounts[From].OverdraftLimitMinor = 0;

        Broken(Asked(201), books).ShouldBe(["I5 available is never below the limit"]);
    }

    private static string[] Broken(Operation operation, Books books) =>
        [.. new Proof([operation], books).Checks().Where(check => !check.Ok).Select(check => check.Name)];

    private static Operation Asked(int? status)
    {
        var operation = new Operation(
            OperationKind.Transfer, "key", "/", "{}")
        { From = From, To = To, AmountMinor = 5, Reference = "t" };
        if (status is { } answered) operation.Take(new HttpAnswer(answered, [], [])).ShouldBeTrue();
        return operation;
    }

    private static Books Moved(bool once)
    {
        var books = new Books { Accounts = { [From] = Account(From, -5, limit: 5), [To] = Account(To, 5, limit: 0) } };
        var movements = books.Movements["t"] =
            [new Movement(From, -5, TransactionKind.Transfer), new Movement(To, 5, TransactionKind.Transfer)];
        if (!once) movements.AddRange(movements.ToArray());
        return books;
    }

    private static Books GivenBack() => new()
    {
        Accounts = { [From] = Account(From, 0, limit: 0) },
        Movements =
        {
            ["t"] = [new Movement(From, -5, TransactionKind.Transfer), new Movement(From, 5, TransactionKind.Refund)]
        },
    };

    private static AccountRow Account(Guid id, long posted, long limit) => new()
    {
        Id = id, CustomerId = id, Kind = AccountKind.Customer,
        Currency = Currency.Parse("EUR"), PostedMinor = posted, OverdraftLimitMinor = limit,
    };
}
