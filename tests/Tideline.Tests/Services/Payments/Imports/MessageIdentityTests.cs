using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Services.Payments.Imports;
using Tideline.Services.Payments.Iso20022;
using Tideline.Tests.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Imports;

/// <summary>A message is known by who pays and by its id.</summary>
public sealed class MessageIdentityTests : IAsyncDisposable
{
    private readonly string _directory =
        Path.Combine(Path.GetTempPath(), "tideline-" + new IdGenerator(TimeProvider.System).Next());
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeBank _bank = new();
    private PaymentImports _imports;

    public MessageIdentityTests() => _imports = Start();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _imports.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("another amount")]
    [InlineData("another sender")]
    [InlineData("another spacing")]
    [InlineData("another version")]
    [InlineData("another order of blocks")]
    [InlineData("one of its debtors alone")]
    [InlineData("one debtor more")]
    public async Task A_message_id_that_a_debtor_used_with_other_content_is_refused(string what)
    {
        var first = new Pain001Sample(9, new(Anna, Ben, "1"), new(Carla, Ben, "2"));
        await AcceptAndFinishAsync(first);
        var second = what switch
        {
            "another amount" => new Pain001Sample(9, new(Anna, Ben, "3"), new(Carla, Ben, "2")),
            "another sender" => first with { Sender = "Somebody Else" },
            "another spacing" => first with { MessageId = "  MSG-1\n" },
            "another version" => first with { Version = 12 },
            "another order of blocks" => new Pain001Sample(9, new(Carla, Ben, "2"), new(Anna, Ben, "1")),
            "one of its debtors alone" => new Pain001Sample(9, new Order(Carla, Ben, "2")),
            _ => new Pain001Sample(9, new(Anna, Ben, "1"), new(Ben, Carla, "5")),
        };
        var other = await AcceptAsync(second);
        (other.GroupStatus, other.Reason?.Code).ShouldBe(("RJCT", "DU01"));
        await RestartAsync();
        (await AcceptAsync(second)).Reason?.Code.ShouldBe("DU01");
        _bank.Made.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Another_debtor_may_use_the_same_message_id()
    {
        await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")));
        (await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Carla, Ben, "2")))).GroupStatus.ShouldBe("ACSC");
        _bank.Made.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Another_message_with_the_same_end_to_end_id_is_another_payment()
    {
        await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")));
        (await AcceptAndFinishAsync(new Pain001Sample(9, new Order(Anna, Ben, "1")) { MessageId = "MSG-2" }))
            .GroupStatus.ShouldBe("ACSC");
        _bank.Made.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Of_two_files_with_one_message_id_that_arrive_together_one_is_taken()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(1, 6)
                .Select(amount => AcceptAsync(new Pain001Sample(9, new Order(Anna, Ben, $"{amount}")))));
        answers.Count(answer => answer.GroupStatus == "ACCP").ShouldBe(1);
        answers.Count(answer => answer.Reason?.Code == "DU01").ShouldBe(5);
        await FinishedAsync(answers.Single(answer => answer.Reason is null).ImportId);
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_node_that_does_not_know_the_first_file_pays_nothing_twice()
    {
        var sample = new Pain001Sample(9, new(Anna, Ben, "1"), new(Anna, Carla, "2"));
        await AcceptAndFinishAsync(sample);
        await using var second =
            PaymentImports.Start(Path.Combine(_directory, "second"), _bank.Seam, _time, NullLogger.Instance);
        await using var again = sample.ToStream();
        var same = await second.AcceptAsync(again, Cancel);
        (await ImportStage.FinishedAsync(second, same.ImportId, _time, Cancel)).GroupStatus.ShouldBe("ACSC");
        await using var third =
            PaymentImports.Start(Path.Combine(_directory, "third"), _bank.Seam, _time, NullLogger.Instance);
        await using var changed =
            new Pain001Sample(
                9, new(Anna, Ben, "5"), new(Anna, Carla, "2"), new(Anna, Carla, "7"), new(Carla, Ben, "4"))
                .ToStream();
        var other = await ImportStage.FinishedAsync(third, (await third.AcceptAsync(changed, Cancel)).ImportId, _time,
            Cancel);
        other.Results.Select(result => result.Reason?.Code).ShouldBe(["DU01", "DU01", "DU01", null]);
        _bank.Made.Select(made => made.Amount.Minor).ShouldBe([100, 200, 400]);
    }

    [Fact]
    public async Task A_block_that_was_refused_whole_may_be_mended_and_sent_again()
    {
        var sample = new Pain001Sample(9, new Order(Anna, Ben, "1"));
        var refused = await AcceptAndFinishAsync(sample with { Date = "soon" });
        refused.Results.Single().Reason?.Code.ShouldBe("DT01");
        (await AcceptAndFinishAsync(sample)).GroupStatus.ShouldBe("ACSC");
        _bank.Made.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_claim_whose_import_never_came_about_hinders_nobody()
    {
        await _imports.DisposeAsync();
        var sample = new Pain001Sample(9, new Order(Anna, Ben, "1"));
        await using var file = sample.ToStream();
        var claims = MessageClaims.Of(Pain001Reader.Read(file, Cancel));
        var lost = new Guid("00000000-0000-8000-8000-000000000001");
        await File.WriteAllTextAsync(Path.Combine(_directory, "pending", lost.ToString()), "", Cancel);
        var path = Path.Combine(_directory, "messages", claims.Message.ToString());
        MessageClaims.Write(path, [(claims.Debtors.Single(), lost)]);
        _imports = Start();
        (await AcceptAndFinishAsync(sample)).GroupStatus.ShouldBe("ACSC");
        (await AcceptAsync(new Pain001Sample(9, new Order(Anna, Ben, "2")))).Reason?.Code.ShouldBe("DU01");
    }

    private PaymentImports Start() => PaymentImports.Start(_directory, _bank.Seam, _time, NullLogger.Instance);

    private async Task RestartAsync()
    {
        await _imports.DisposeAsync();
        _imports = Start();
    }

    private async Task<ImportAcceptance> AcceptAsync(Pain001Sample sample)
    {
        await using var file = sample.ToStream();
        return await _imports.AcceptAsync(file, Cancel);
    }

    private Task<ImportStatus> FinishedAsync(Guid importId) =>
        ImportStage.FinishedAsync(_imports, importId, _time, Cancel);

    private async Task<ImportStatus> AcceptAndFinishAsync(Pain001Sample sample) =>
        await FinishedAsync((await AcceptAsync(sample)).ImportId);
}
