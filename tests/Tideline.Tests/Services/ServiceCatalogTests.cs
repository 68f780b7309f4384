using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Analytics;
using Tideline.Services.Payments;

namespace Tideline.Tests.Services;

/// <summary>
/// What two services cannot both have, and what only the core has, is refused before anything is registered.
/// </summary>
public sealed class ServiceCatalogTests
{
    private const EventType Free = (EventType)901;

    private static readonly string[] Ours =
        ["FIRST", "SECOND", "TWICE", "SAME", "TOLD", "ONE", "OTHER", "refused-twice", "moved-twice"];

    public static TheoryData<string, Func<BankService>, Func<BankService>> Clashes => new()
    {
        { "service", () => new Named("a"), () => new Named("a") },
        { "saga", () => Running("a", "gift"), () => Running("b", "gift") },
        { "saga", () => Running("a", "payout"), () => new Named("b") },
        { "event", () => Telling("a", (EventType)902, "TWICE"), () => Telling("b", (EventType)903, "TWICE") },
        { "event number", () => Telling("a", Free, "FIRST"), () => Telling("b", Free, "SECOND") },
        { "event", () => Telling("a", Free, "SAME"), () => Telling("b", Free, "SAME") },
        { "refusal", () => Refusing("a", 1_901), () => Refusing("b", 1_902) },
        { "Refusal", () => Refusing("a", 999), () => new Named("b") },
        { "kind of transaction", () => Moving("a", 191), () => Moving("b", 192) },
        { "Transaction kind", () => Moving("a", 99), () => new Named("b") },
        { "topic", () => Telling("a", Free, "ONE", "one.events"), () =>
            Telling("b", (EventType)904, "OTHER", "one.events") },
        { "topic", () => Telling("a", Free, "TOLD", Topics.AccountEvents), () => new Named("b") },
    };

    [Theory]
    [MemberData(nameof(Clashes), DisableDiscoveryEnumeration = true)]
    public void A_clash_is_refused_and_registers_nothing(
        string what, Func<BankService> first, Func<BankService> second)
    {
        var refused = Should.Throw<TidelineException>(() => new ServiceCatalog(first(), second()));
        (refused.Code, refused.Message.Contains(what, StringComparison.Ordinal))
            .ShouldBe((ErrorCode.InvalidInput, true), refused.Message);
        NumberedName[] registered = [.. EventTypes.All, .. Refusals.All, .. TransactionKinds.All];
        registered.ShouldNotContain(one => Ours.Contains(one.Name));
    }

    [Theory]
    [InlineData("nowhere", EventType.CustomerViewUpdated)]
    [InlineData("daily", EventType.CustomerViewUpdated)]
    [InlineData("customers", EventType.AccountDebited)]
    public void A_part_needs_a_projection_that_takes_it_and_events_of_its_own(string projection, EventType taken)
    {
        var part = PledgesProjection.OfCustomers with
        {
            Projection = projection,
            Takes = new HashSet<EventType> { taken },
        };
        Should.Throw<TidelineException>(() => new ServiceCatalog(
            new AccountsService(), new AnalyticsService(), new Named("a") { OwnParts = [part] }))
            .Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public void A_projection_with_a_part_is_another_one_to_build()
    {
        var alone = new ServiceCatalog(new AccountsService()).Projections.Single();
        var with = new ServiceCatalog(
            new AccountsService(), new Named("a") { OwnParts = [PledgesProjection.OfCustomers] }).Projections.Single();
        with.SchemaVersion.ShouldBe(alone.SchemaVersion + 1);
        with.Documents!.Fields.Select(field => field.Path).Except(alone.Documents!.Fields.Select(field => field.Path))
            .ShouldBe(["parts.pledges.amountMinor"]);
    }

    private static Named Running(string name, string saga) =>
        new(name) { OwnSagas = [TransferSaga.Version1 with { Name = saga }] };

    private static Named Telling(string name, EventType number, string published, string? topic = null) =>
        new(name) { OwnEvents = [new EventKind(number, published, "It happened.", topic)] };

    private static Named Refusing(string name, int number) => new(name)
    {
        OwnRefusals = [new RefusalKind((RefusalReason)number, "refused-twice", RefusalClass.Rule, "It is refused")],
    };

    private static Named Moving(string name, int number) => new(name)
    {
        OwnKinds = [new TransactionKindName((TransactionKind)number, "moved-twice", "It moved.")],
    };

    private sealed class Named(string name) : BankService
    {
        public IReadOnlyList<RefusalKind> OwnRefusals { get; init; } = [];

        public IReadOnlyList<DocumentPart> OwnParts { get; init; } = [];

        public override IReadOnlyList<DocumentPart> DocumentParts => OwnParts;

        public IReadOnlyList<TransactionKindName> OwnKinds { get; init; } = [];

        public override IReadOnlyList<RefusalKind> Refusals => OwnRefusals;

        public override IReadOnlyList<TransactionKindName> TransactionKinds => OwnKinds;

        public IReadOnlyList<SagaDefinition> OwnSagas { get; init; } = [];

        public IReadOnlyList<EventKind> OwnEvents { get; init; } = [];

        public override string Name => name;

        public override IReadOnlyList<SagaDefinition> Sagas => OwnSagas;

        public override IReadOnlyList<EventKind> Events => OwnEvents;
    }
}
