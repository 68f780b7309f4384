using System.Collections.Concurrent;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>
/// Two new accounts of a ledger, with what threads do to them and are answered. Nothing is opened before the first
/// step: the sampler also makes a race for each order that it tries on the model.
/// </summary>
internal sealed class LedgerRace
{
    private readonly Bank _bank;
    private readonly Lazy<Guid[]> _accounts;
    private readonly Guid[] _holds;
    private readonly ConcurrentBag<string> _answers = [];
    private readonly ConcurrentDictionary<int, Reply> _outcomes = new();
    private readonly Lazy<string[]> _end;

    public LedgerRace(Bank bank, long beginsMinor)
    {
        _bank = bank;
        _accounts = new Lazy<Guid[]>(() => OpenAsync(beginsMinor).GetAwaiter().GetResult());
        _holds = [bank.Ledger.Map.NextOn(0, bank.Ledger.Ids), bank.Ledger.Map.NextOn(0, bank.Ledger.Ids)];
        _end = new Lazy<string[]>(() => EndAsync().GetAwaiter().GetResult());
    }

    public void Run(LedgerStep step) => _answers.Add($"{step}: {AnswerAsync(step).GetAwaiter().GetResult()}");

    /// <summary>Whether the answers and the end are those of an order.</summary>
    public bool Equals(LedgerModel model) =>
        _answers.Order(StringComparer.Ordinal).SequenceEqual(model.Answers.Order(StringComparer.Ordinal))
        && _end.Value.SequenceEqual(model.End);

    public override string ToString() => string.Join("; ", [.. _answers, .. _end.Value]);

    private async Task<Guid[]> OpenAsync(long beginsMinor) =>
        [await _bank.AccountAsync(0, beginsMinor), await _bank.AccountAsync(0, beginsMinor)];

    private async Task<string> AnswerAsync(LedgerStep step)
    {
        if (step.Act == Act.Read) return await AccountAsync(step.Account);
        var reply = await _bank.Ledger.ExecuteAsync(Command(step), default);
        if (reply.Refusal is { } refusal) return $"{refusal.Reason}";
        if (step.Key != 0 && _outcomes.GetOrAdd(step.Key, reply) is var first && !ReferenceEquals(first, reply))
        {
            // Which of the two was answered first is not known; one was decided, and the others repeat it.
            (reply with { IsRepeat = false }).ShouldBe(first with { IsRepeat = false });
            (reply.IsRepeat || first.IsRepeat).ShouldBeTrue($"Key {step.Key} was decided twice.");
        }

        return $"{reply.BalanceMinor}";
    }

    private LedgerCommand Command(LedgerStep step)
    {
        var (ids, account, hold) = (_bank.Ledger.Ids, _accounts.Value[step.Account], _holds[step.Hold]);
        var amount = new Money(step.Minor, Bank.Eur);
        LedgerCommand command = step.Act switch
        {
            Act.Deposit => new Deposit(ids.Next(), account, amount, null),
            Act.Withdraw => new Withdraw(ids.Next(), account, amount, null),
            Act.Transfer => new StartTransfer(ids.Next(), account, _accounts.Value[1 - step.Account], amount, null),
            Act.Hold => new PlaceHold(hold, account, amount, _bank.Time.NowUs() + 3_600_000_000, null),
            Act.Capture => new CaptureHold(ids.Next(), hold, account, Bank.Eur, step.Minor, Final: false),
            Act.Release => new ReleaseHold(hold, account, Bank.Eur, Expired: false),
            _ => new SetAccountStatus(account, step.Status),
        };
        return step.Key == 0 ? command : command with
        {
            Key = Idempotency.Key("", $"{_holds[0]} {step.Key}"),
            Fingerprint = Idempotency.Fingerprint(step.Request),
        };
    }

    private async Task<string> AccountAsync(int account)
    {
        var row = await _bank.ReadAsync(_accounts.Value[account]);
        return $"{row.PostedMinor} with {row.PendingOutMinor} held, {row.Status}";
    }

    private async Task<string[]> EndAsync() =>
        [await AccountAsync(0), await AccountAsync(1), await HoldAsync(0), await HoldAsync(1)];

    private async Task<string> HoldAsync(int hold) =>
        await _bank.Ledger.Reader(0).GetHoldAsync(_holds[hold], default) is { } row
            ? $"{row.RemainingMinor} {row.Status}"
            : "none";
}
