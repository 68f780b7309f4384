using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Races;

/// <summary>
/// What a ledger of two accounts on one shard answers when one thread asks after the other. It is written from the
/// rules, not from the code: a balance, what is held of it, and the outcome of each key.
/// </summary>
internal sealed class LedgerModel(long beginsMinor)
{
    private readonly long[] _posted = [beginsMinor, beginsMinor];
    private readonly long[] _held = [0, 0];
    private readonly AccountStatus[] _status = [AccountStatus.Open, AccountStatus.Open];
    private readonly (int Account, long RemainingMinor, HoldStatus Status)?[] _holds = [null, null];
    private readonly Dictionary<int, (string Request, string Answer)> _outcomes = [];

    /// <summary>Each step with its answer.</summary>
    public List<string> Answers { get; } = [];

    /// <summary>The accounts and holds.</summary>
    public IReadOnlyList<string> End => [Account(0), Account(1), Hold(0), Hold(1)];

    public void Run(LedgerStep step) => Answers.Add($"{step}: {Answer(step)}");

    public override string ToString() => string.Join("; ", [.. Answers, .. End]);

    private string Account(int account) => $"{_posted[account]} with {_held[account]} held, {_status[account]}";

    private string Hold(int hold) => _holds[hold] is { } held ? $"{held.RemainingMinor} {held.Status}" : "none";

    private string Answer(LedgerStep step)
    {
        if (step.Act == Act.Read) return Account(step.Account);
        if (step.Key != 0 && _outcomes.TryGetValue(step.Key, out var known))
            return known.Request == step.Request ? known.Answer : $"{RefusalReason.IdempotencyKeyReused}";
        var answer = Decide(step) is { } refused ? $"{refused}" : $"{_posted[step.Account]}";
        if (step.Key != 0) _outcomes.Add(step.Key, (step.Request, answer));
        return answer;
    }

    private RefusalReason? Decide(LedgerStep step) => step.Act switch
    {
        Act.Deposit => Move(step.Account, step.Minor),
        Act.Withdraw => Move(step.Account, -step.Minor),
        Act.Transfer => Transfer(step.Account, step.Minor),
        Act.Hold => Place(step),
        Act.Capture => Capture(step),
        Act.Release => Release(step),
        _ => SetStatus(step.Account, step.Status),
    };

    private RefusalReason? Move(int account, long minor)
    {
        if (minor == 0) return RefusalReason.InvalidAmount;
        if ((Unusable(account) ?? Short(account, -minor)) is { } refused) return refused;
        _posted[account] += minor;
        return null;
    }

    private RefusalReason? Transfer(int from, long minor)
    {
        if (minor == 0) return RefusalReason.InvalidAmount;
        if ((Unusable(from) ?? Short(from, minor) ?? Unusable(1 - from)) is { } refused) return refused;
        _posted[from] -= minor;
        _posted[1 - from] += minor;
        return null;
    }

    private RefusalReason? Place(LedgerStep step)
    {
        if (step.Minor == 0) return RefusalReason.InvalidAmount;
        if ((Unusable(step.Account) ?? Short(step.Account, step.Minor)) is { } refused) return refused;
        if (_holds[step.Hold] is not null) return RefusalReason.DuplicateId;
        _holds[step.Hold] = (step.Account, step.Minor, HoldStatus.Open);
        _held[step.Account] += step.Minor;
        return null;
    }

    // What is not captured stays held.
    private RefusalReason? Capture(LedgerStep step)
    {
        if (NotOpen(step) is { } refused) return refused;
        if (step.Minor == 0) return RefusalReason.InvalidAmount;
        var left = _holds[step.Hold]!.Value.RemainingMinor - step.Minor;
        if (left < 0) return RefusalReason.HoldExceeded;
        _holds[step.Hold] = (step.Account, left, left == 0 ? HoldStatus.Captured : HoldStatus.Open);
        _held[step.Account] -= step.Minor;
        _posted[step.Account] -= step.Minor;
        return null;
    }

    private RefusalReason? Release(LedgerStep step)
    {
        if (NotOpen(step) is { } refused) return refused;
        _held[step.Account] -= _holds[step.Hold]!.Value.RemainingMinor;
        _holds[step.Hold] = (step.Account, 0, HoldStatus.Released);
        return null;
    }

    private RefusalReason? SetStatus(int account, AccountStatus status)
    {
        if (_status[account] == AccountStatus.Closed && status != AccountStatus.Closed)
            return RefusalReason.AccountClosed;
        if (_status[account] == status) return RefusalReason.InvalidStatus;
        if (status == AccountStatus.Closed && (_posted[account], _held[account]) != (0, 0))
            return RefusalReason.AccountNotEmpty;
        _status[account] = status;
        return null;
    }

    private RefusalReason? Unusable(int account) => _status[account] switch
    {
        AccountStatus.Closed => RefusalReason.AccountClosed,
        AccountStatus.Frozen => RefusalReason.AccountFrozen,
        _ => null,
    };

    private RefusalReason? Short(int account, long minor) =>
        minor > 0 && _posted[account] - _held[account] < minor ? RefusalReason.InsufficientFunds : null;

    private RefusalReason? NotOpen(LedgerStep step) =>
        _holds[step.Hold] is not { } held || held.Account != step.Account ? RefusalReason.HoldNotFound
        : held.Status != HoldStatus.Open ? RefusalReason.HoldNotOpen
        : null;
}
