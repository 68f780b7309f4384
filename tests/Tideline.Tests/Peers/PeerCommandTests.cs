using CsCheck;
using Tideline.Gateway;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Node;
using Tideline.Peers;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;
using Tideline.Tests.Services;

namespace Tideline.Tests.Peers;

/// <summary>Commands and their answers, as they go from process to process.</summary>
public sealed class PeerCommandTests
{
    // What only the owner of a shard issues, for that shard.
    private static readonly string[] OfOwnersAlone =
        ["EmptyCommit", "ExecuteSagaStep", "ExecuteTransactionStep", "ParkSaga", "SealBlock", "SetAside"];

    private static readonly ServiceCatalog Services = ServiceRegistration.MakeAll(BankServices.All);
    private static readonly SagaDefinitions Definitions = Services.Sagas;
    private static readonly PeerCommands Commands = new(Services, new ShardMap(4));
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 40], AnyOf("Béla \"Ω\" \\ 💶", "<a href='x'>\n\t\u0001"));
    private static readonly Gen<string?> TextOrNone = Gen.OneOf(
        Text.Select(text => (string?)text), Gen.Const((string?)null));
    private static readonly Gen<Currency> Currencies = AnyOf("EUR", "JPY", "KWD").Select(Currency.Parse);
    private static readonly Gen<Money> Amount = Gen.Select(
        Gen.Long, Currencies, (minor, currency) => new Money(minor, currency));
    private static readonly Gen<RefusalReason> Reason = AnyOf(Enum.GetValues<RefusalReason>());
    private static readonly Gen<Refusal?> Known = Gen.OneOf(
        Gen.Select(Reason, Text, (reason, words) => (Refusal?)new Refusal(reason, words)), Gen.Const((Refusal?)null));

    private static readonly Gen<LedgerCommand> Command = Gen.Select(
        Gen.OneOf<LedgerCommand>(
            Gen.Select(Gen.Guid, Text,
                Text, Text, (id, name, email, country) => new CreateCustomer(id, name, email, country)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Currencies, Gen.Long, TextOrNone, Known, (id, customer, currency, limit,
                iban, known) => new OpenAccount(id, customer, currency, limit, iban) { Known = known }).Select(Plain),
            Gen.Select(Text, Gen.Guid, Gen.Guid, Gen.Guid, (name, claim, account, other) => new ClaimName(
                new ClaimRow("iban", name, claim, "account", account), other, IbanClaims.Taken(name))).Select(Plain),
            Gen.Guid.Select(account => (LedgerCommand)new AbandonClaim(account, IbanClaims.Abandoned)),
            Gen.Select(Text, Gen.Guid, (name, claim) => new ReleaseClaim(IbanClaims.Key(name), claim)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Amount, TextOrNone,
                (id, account, amount, reference) => new Deposit(id, account, amount, reference)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Amount, TextOrNone,
                (id, account, amount, reference) => new Withdraw(id, account, amount, reference)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Amount, Gen.Long, TextOrNone, (id, account, amount, expires, reference) =>
                new PlaceHold(id, account, amount, expires, reference)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Gen.Guid, Currencies,
                Gen.OneOf(Gen.Long.Select(minor => (long?)minor), Gen.Const((long?)null)), Gen.Bool, (id, hold, account,
                    currency, minor, rest) => new CaptureHold(id, hold, account, currency, minor, rest)).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Currencies, Gen.Bool,
                (hold, account, currency, expired) => new ReleaseHold(hold, account, currency, expired)).Select(Plain),
            Gen.Select(Gen.Guid, AnyOf(Enum.GetValues<AccountStatus>()),
                (account, status) => new SetAccountStatus(account, status)).Select(Plain),
            Gen.Guid.Select(subject => (LedgerCommand)new ReserveKey(subject)),
            Gen.Select(Gen.Guid, Gen.Long, (route, timeUs) => new FenceTime(route, timeUs)).Select(Plain),
            Gen.Select(Gen.Guid, TextOrNone, (id, data) => new StoreAggregateOnce(id, "a-kind:1", data ?? ""))
                .Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Gen.Guid, Gen.Guid, Currencies, Known, (id, payout, from, to, currency,
                known) => new PayOut(id, payout, from, to, currency) { Known = known }).Select(Plain),
            Gen.Select(Gen.Guid, Gen.Guid, Gen.Guid, Amount, TextOrNone, Known, (id, from, to, amount, words, known) =>
                new StartTransfer(id, from, to, amount, words) { Known = known }).Select(Plain)),
        Gen.Guid, Gen.Guid, (command, key, fingerprint) => command with { Key = key, Fingerprint = fingerprint });

    [Fact]
    public void Every_command_is_read_as_it_was_written() =>
        Command.Array[0, 40].Sample(commands => Commands.Read(Commands.Write(commands).Span).ShouldBe(commands));

    [Fact]
    public void A_command_of_any_registered_service_is_read_as_it_was_written()
    {
        var commands = new PeerCommands(
            new ServiceCatalog(new AccountsService(), new PledgeService()), new ShardMap(4));
        Gen.Select(Gen.Guid, Gen.Guid, Gen.Guid, Gen.Guid, Amount).Select(
            (id, saga, from, to, amount) => new Pledge(id, saga, from, to, amount)).Sample(
            pledge => commands.Read(commands.Write([pledge]).Span).ShouldBe([pledge]), iter: 100);
    }

    [Fact]
    public void What_an_operator_has_a_saga_do_is_read_as_it_was_written() => Gen.Select(
        Gen.Guid, Gen.Int[0, 63], Gen.Bool, Gen.Select(Gen.Guid, Gen.Guid, Gen.Long, TextOrNone,
            Gen.Select(Gen.Int[0, 63], Gen.Long, (shard, seq) => new Position(shard, seq)).Array[0, 3])).Sample(
            (id, shard, undo, data) =>
    {
        var (from, to, minor, reference, positions) = data;
        var pins = new SagaVersion("transfer", 1, new SagaData
        {
            From = from, To = to, AmountMinor = minor,
            Currency = "EUR", Reference = reference, Positions = positions, RefusalReason = RefusalReason.AccountFrozen
        });
        var trigger = undo ? SagaTrigger.Compensate : SagaTrigger.Retry;
        var move = new AdvanceSaga(id, shard, trigger, Definitions, null, pins);
        var back = Commands.Read(Commands.Write([move]).Span).Single().ShouldBeOfType<AdvanceSaga>();
        back.Owner.Data.Positions.ShouldBe(positions);
        (back with { Owner = back.Owner with { Data = back.Owner.Data with { Positions = positions } } })
            .ShouldBe(move);
    });

    [Fact]
    public void Transactions_and_the_details_of_payments_are_read_as_they_were_written()
    {
        var ids = new IdGenerator(TimeProvider.System);
        var details = new TransactionDetails
        {
            ValueDate = new DateOnly(2026, 3, 1), Code = "SALA", ExternalReference = "x",
            Metadata = new() { ["a"] = "ü" }, Personal = [new PersonalPart(ids.Next(), [0, 255])],
        };
        var order = new TransactionOrder
        {
            Legs = [new TransactionLeg(ids.Next(), -5, "EUR"), new TransactionLeg(ids.Next(), 5, "EUR")],
            Conditions = [new TransactionCondition(ids.Next(), 7, null)], Reference = "r", Details = details,
        };
        LedgerCommand[] commands =
        [
            new PostTransaction(ids.Next(), order) { Key = ids.Next(), Fingerprint = ids.Next() },
            new StartTransfer(ids.Next(), ids.Next(), ids.Next(), new Money(5, Bank.Eur), null) { Details = details },
            new AdvanceTransaction(
                ids.Next(), SagaTrigger.Retry, new TransactionHome([ids.Next()], ["EUR"]), null),
        ];
        var written = Commands.Write(commands);
        var back = Commands.Read(written.Span);
        Commands.Write(back).ToArray().ShouldBe(written.ToArray());
        ((PostTransaction)back[0]).Order.Details.ShouldBe(details);
        ((PostTransaction)back[0]).Order.Legs.ShouldBe(order.Legs);
        back[1].ShouldBe(commands[1]);
    }

    [Fact]
    public void What_an_operator_has_become_of_a_dead_letter_is_read_as_it_was_written()
    {
        var map = new ShardMap(4);
        var ids = new IdGenerator(TimeProvider.System);
        var (letter, account) = (map.NextOn(1, ids), map.NextOn(1, ids));
        var pins = new SagaVersion("transfer", 1, new SagaData
        {
            From = ids.Next(), To = account, AmountMinor = 7,
            Currency = "EUR"
        });
        var posting = new SagaPosting(ids.Next(), account, AccountKind.Clearing, 7, "EUR", TransactionKind.Transfer,
            ids.Next(), "rent");
        var request = new SagaRequest(ids.Next(), 0, 1, Cancel: false, posting, pins);
        var reply = new SagaReply(ids.Next(), 1, RefusalReason.AccountFrozen, "It is frozen.", new Position(2, 5), 0,
            pins);
        SettleLetter[] letters =
        [
            new(letter, null, "Bad test data"), new(letter, new ExecuteSagaStep(request), null),
            new(letter, new AdvanceSaga(reply.SagaId, 1, SagaTrigger.Reply, Definitions, reply, reply.Owner), null),
        ];
        var back = Commands.Read(Commands.Write(letters).Span).Cast<SettleLetter>().ToList();
        back.Select(each => (each.LetterId, each.Reason)).ShouldBe(letters.Select(each => (each.LetterId,
            each.Reason)));
        (back[0].Message, ((ExecuteSagaStep)back[1].Message!).Request.Posting)
            .ShouldBe(((LedgerCommand?)null, posting));
        ((AdvanceSaga)back[2].Message!).StepReply!.RefusalDetail.ShouldBe("It is frozen.");
    }

    [Fact]
    public void Every_type_of_command_is_carried_or_named_as_one_that_only_an_owner_issues()
    {
        var carried = new HashSet<Type>();
        // So many that none of the types is missed by chance.
        Command.Sample(
            command =>
            {
                lock (carried) carried.Add(command.GetType());
            },
            iter: 5_000);
        carried.Add(typeof(OperatorMove));
        carried.Add(typeof(OperatorLetter));
        carried.Add(typeof(PostTransaction));
        carried.Add(typeof(OperatorTransaction));
        carried.ShouldBe(Commands.Types, ignoreOrder: true);
        var all = typeof(LedgerCommand).Assembly.GetTypes().Where(type => !type.IsAbstract
            && type.IsSubclassOf(typeof(LedgerCommand))
            && type != typeof(AdvanceSaga) && type != typeof(SettleLetter)
            && type != typeof(AdvanceTransaction)).ToList();
        all.Except(carried).Select(type => type.Name).Order().ShouldBe(OfOwnersAlone);
    }

    [Fact]
    public void What_only_an_owner_issues_is_not_written()
    {
        var pins = new SagaVersion(
            "transfer", 1, new SagaData { From = Guid.Empty, To = Guid.Empty, AmountMinor = 1, Currency = "EUR" });
        LedgerCommand[] commands = [new SealBlock(new AuditBlockRow(1, 1, 1, [], [], 0)),
            new AdvanceSaga(Guid.Empty, 0, SagaTrigger.Wake, Definitions, null, pins),
            new AdvanceTransaction(Guid.Empty, SagaTrigger.Wake, new TransactionHome([], []), null)];
        foreach (var command in commands)
            Should.Throw<TidelineException>(() => Commands.Write([command])).Code.ShouldBe(ErrorCode.Internal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[{}]")]
    [InlineData("[{\"sealBlock\":{}}]")]
    [InlineData("[{\"deposit\":null}]")]
    [InlineData("[{\"deposit\":{\"amount\":{\"currency\":\"???\"}}}]")]
    [InlineData("[{\"operatorMove\":{\"move\":\"Reply\"}}]")]
    [InlineData("[{\"operatorTransaction\":{\"move\":\"Reply\"}}]")]
    [InlineData("[{\"deposit\":{}},")]
    public void What_is_no_list_of_commands_is_refused(string json) =>
        Should.Throw<TidelineException>(() => Commands.Read(System.Text.Encoding.UTF8.GetBytes(json)))
            .Code.ShouldBe(ErrorCode.InvalidInput);

    [Fact]
    public void Too_many_commands_are_refused()
    {
        var commands = Enumerable.Repeat<LedgerCommand>(
            new SetAccountStatus(Guid.Empty, AccountStatus.Frozen), PeerLimits.BatchCommands + 1);
        Should.Throw<TidelineException>(() => Commands.Read(Commands.Write(commands).Span))
            .Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public void The_largest_batch_fits_into_a_request()
    {
        var longest = new string('\u20AC', GatewayLimits.NameCharacters);
        var commands = Enumerable.Repeat<LedgerCommand>(
            new CreateCustomer(new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]), longest, new string(
                '\u20AC', GatewayLimits.EmailCharacters), "DE")
            {
                Key = new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]),
                Fingerprint = new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11])
            }, PeerLimits.BatchCommands);
        Commands.Write(commands).Length.ShouldBeLessThan(GatewayLimits.ForwardBodyBytes);
    }

    private static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static LedgerCommand Plain(LedgerCommand command) => command;
}
