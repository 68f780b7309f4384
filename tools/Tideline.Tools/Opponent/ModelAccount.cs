namespace Tideline.Tools.Opponent;

/// <summary>An account of the model, with every state it had.</summary>
internal sealed class ModelAccount(Guid id, Guid customer, string currency, string iban)
{
    private readonly List<AccountState> _states = [];

    public Guid Id => id;

    public Guid Customer => customer;

    public string Currency => currency;

    /// <summary>Empty: it has none.</summary>
    public string Iban => iban;

    /// <summary>The states by version, the first with version 1.</summary>
    public IReadOnlyList<AccountState> States => _states;

    public AccountState Now => _states[^1];

    public int Shard => _states[0].Fact.Shard;

    /// <summary>Adds the next state.</summary>
    public void Add(AccountState state)
    {
        state.Version = _states.Count + 1;
        _states.Add(state);
    }

    /// <summary>The state with a version; null if it never had it.</summary>
    public AccountState? At(long version) =>
        version >= 1 && version <= _states.Count ? _states[(int)version - 1] : null;

    /// <summary>
    /// The states that a read or a decision between two positions of the shard may have seen: the one in force at the
    /// first, and all up to the second.
    /// </summary>
    public IEnumerable<AccountState> Between(long first, long last) => _states.Where((state, at) =>
        state.Fact.Seq <= last && (at + 1 == _states.Count || _states[at + 1].Fact.Seq > first));

    /// <summary>Whether a state was replaced at or before a position.</summary>
    public bool IsReplaced(AccountState state, long seq) => At(state.Version + 1) is { } next && next.Fact.Seq <= seq;
}

/// <summary>An account after one event.</summary>
internal sealed record AccountState(Fact Fact)
{
    public long Version { get; set; }

    public long PostedMinor { get; set; }

    public long HeldMinor { get; set; }

    public long OverdraftMinor { get; set; }

    public string Status { get; set; } = "";

    /// <summary>Whether its last transaction took money from it.</summary>
    public bool IsDebited { get; set; }

    /// <summary>The number of entries.</summary>
    public long Entries { get; set; }

    public long AvailableMinor => PostedMinor - HeldMinor + OverdraftMinor;

    public override string ToString() =>
        $"version {Version}, posted {PostedMinor}, held {HeldMinor}, overdraft {OverdraftMinor}, {Status}, "
        + $"{Entries} entries";
}

/// <summary>A hold of the model.</summary>
internal sealed class ModelHold(Fact placed, long amountMinor)
{
    private readonly List<(Fact By, long RemainingMinor)> _states = [(placed, amountMinor)];

    public Fact Placed => placed;

    public long AmountMinor => amountMinor;

    public long RemainingMinor => _states[^1].RemainingMinor;

    public bool IsOpen { get; private set; } = true;

    /// <summary>The event that ended it; null while it is open.</summary>
    public Fact? Ended { get; private set; }

    /// <summary>What it held after each of its events.</summary>
    public IReadOnlyList<(Fact By, long RemainingMinor)> States => _states;

    public void End(Fact by)
    {
        (IsOpen, Ended) = (false, by);
        _states.Add((by, 0));
    }

    public void Capture(Fact by, long minor, bool isFinal)
    {
        if (isFinal) End(by);
        else _states.Add((by, RemainingMinor - minor));
    }
}
