using System.Globalization;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Sagas;
using Tideline.Views;

namespace Tideline.Tests.Frozen;

/// <summary>Numbers that stand in data files for ever.</summary>
public sealed class PersistedNumberTests
{
    [Fact]
    public void Numbers_on_disk_are_frozen() => GoldenFile.ShouldHold("persisted-numbers.txt",
    [
        .. Lines<EventType>(), .. Lines<AccountKind>(), .. Lines<AccountStatus>(),
        .. Lines<TransactionKind>(), .. Lines<HoldStatus>(), .. Lines<OutcomeKind>(),
        .. Lines<RefusalReason>(), .. Lines<FieldKind>(),
    ]);

    [Fact]
    public void Published_words_are_frozen() => GoldenFile.ShouldHold("published-words.txt",
    [
        .. Enum.GetValues<EventType>().Select(type => Line(type, type.Name())),
        .. Enum.GetValues<AccountStatus>().Select(status => Line(status, status.Word())),
        .. Enum.GetValues<TransactionKind>().Select(kind => Line(kind, kind.Word())),
        .. Enum.GetValues<SagaState>().Select(state => Line(state, state.Word())),
    ]);

    [Fact]
    public void Numbers_and_names_of_services_are_frozen()
    {
        var services = ServiceRegistration.MakeAll(BankServices.All).Services;
        GoldenFile.ShouldHold("registered-names.txt",
        [
            .. services.SelectMany(service => service.Events).Select(kind => $"event {kind.Number} {kind.Name}"),
            .. services.SelectMany(service => service.Refusals).Select(kind => $"refusal {kind.Number} {kind.Name}"),
            .. services.SelectMany(service => service.TransactionKinds)
                .Select(kind => $"kind of transaction {kind.Number} {kind.Name}"),
            .. services.SelectMany(service => service.Commands).Select(command => $"command {command.Name}"),
        ]);
    }

    private static IEnumerable<string> Lines<T>()
        where T : struct, Enum =>
            Enum.GetValues<T>().Select(value => Line(value, Convert.ToInt64(value, CultureInfo.InvariantCulture)));

    private static string Line<T>(T value, object stored)
        where T : struct, Enum => string.Create(CultureInfo.InvariantCulture, $"{typeof(T).Name} {value} {stored}");
}
