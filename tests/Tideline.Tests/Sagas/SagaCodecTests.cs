using System.Text;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Sagas;

namespace Tideline.Tests.Sagas;

public sealed class SagaCodecTests
{
    private static readonly SagaRow Row = new(
        Guid.AllBitsSet, "transfer", 12, SagaState.Running, 3, 4, 5, Bytes("""{"from":"ä"}"""), Bytes("[1,2]"),
        1_700_000_000_000_000, long.MaxValue);

    [Fact]
    public void A_saga_comes_back_as_it_was_written()
    {
        foreach (var state in Enum.GetValues<SagaState>())
        {
            foreach (var wakeUs in (long?[])[null, 7])
            {
                var row = Row with { State = state, WakeUs = wakeUs };
                SagaCodec.Read(SagaCodec.Write(row, 1)).ShouldBeEquivalentTo(row);
            }
        }

        var letter = Row with { Definition = SetAside.Definition, DefinitionVersion = 1, Data = [], History = [] };
        SagaCodec.Read(SagaCodec.Write(letter, 1)).ShouldBeEquivalentTo(letter);
    }

    [Fact]
    public void The_aggregate_says_what_it_is_and_its_data_is_json()
    {
        var aggregate = SagaCodec.Write(Row, 9);
        (aggregate.Id, aggregate.Kind, aggregate.Version, aggregate.State, aggregate.AtRest, aggregate.WakeUs)
            .ShouldBe((Guid.AllBitsSet, "saga:transfer:12", 9L, "running", false, 5L));
        SagaCodec.Write(Row with { State = SagaState.Completed }, 1).AtRest.ShouldBeTrue();
        JsonDocument.Parse(aggregate.Data).RootElement.GetRawText().ShouldBe(
            """{"step":3,"attempts":4,"createdUs":1700000000000000,"updatedUs":9223372036854775807"""
            + ""","dataBytes":13,"data":{"from":"ä"},"history":[1,2]}""");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"step":"1"}""")]
    [InlineData("""{"step":1,"attempts":1,"createdUs":1,"updatedUs":1,"dataBytes":99,"data":{},"history":[]}""")]
    [InlineData("""{"step":1,"attempts":1,"createdUs":1,"updatedUs":1,"dataBytes":-1,"data":{},"history":[]}""")]
    public void A_saga_whose_data_is_damaged_keeps_its_state_and_moves_nothing(string data)
    {
        var row = SagaCodec.Read(SagaCodec.Write(Row, 1) with { Data = Bytes(data) });
        (row.Id, row.Definition, row.State, row.WakeUs).ShouldBe((Row.Id, "transfer", SagaState.Running, 5L));
        row.Data.ShouldBe(Bytes(data));
        SagaJson.DataOf(row).ShouldBeNull();
        // Parked, it is what it was.
        SagaCodec.Read(SagaCodec.Write(row, 2)).Data.ShouldBe(Bytes(data));
    }

    [Theory]
    [InlineData("card:1", "running", ErrorCode.Corrupt)]
    [InlineData("saga:1", "running", ErrorCode.Corrupt)]
    [InlineData("saga::1", "running", ErrorCode.Corrupt)]
    [InlineData("saga:transfer:-1", "running", ErrorCode.Corrupt)]
    [InlineData("saga:transfer:1", "sleeping", ErrorCode.IncompatibleData)]
    public void What_is_no_saga_is_not_read_as_one(string kind, string state, ErrorCode code)
    {
        var odd = SagaCodec.Write(Row, 1) with { Kind = kind, State = state };
        Should.Throw<TidelineException>(() => SagaCodec.Read(odd)).Code.ShouldBe(code);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
