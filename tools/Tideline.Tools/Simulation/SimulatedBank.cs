using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Simulation;

/// <summary>An installation in a simulation: its disks, and the nodes on them.</summary>
internal sealed class SimulatedBank : IBankUnderTest
{
    private const int MostSkewMs = 900;
    private static readonly TimeSpan MostAheadAtStart = TimeSpan.FromMilliseconds(500);
    private readonly World _world;
    private readonly SeededRandom _random;
    private readonly string _folder;
    private readonly NodeSlot[] _slots;
    private int _processes = 10;

    /// <param name="world">Runs it.</param>
    /// <param name="disks">Its data.</param>
    /// <param name="nodes">The number of nodes. One alone has every shard; of several each prefers some.</param>
    /// <param name="random">Draws its faults.</param>
    /// <param name="folder">Where the nodes keep their files.</param>
    public SimulatedBank(World world, SimulatedDisks disks, int nodes, SeededRandom random, string folder)
    {
        (_world, Disks, _random, _folder) = (world, disks, random, folder);
        _slots = [.. Enumerable.Range(0, nodes).Select(number => new NodeSlot(number)
        {
            Skew = disks.Kinds.HasFlag(FaultKinds.Skew)
                ? TimeSpan.FromMilliseconds(random.Below(2 * MostSkewMs + 1) - MostSkewMs) : TimeSpan.Zero,
        })];
    }

    public SimulatedDisks Disks { get; }

    public int Nodes => _slots.Length;

    /// <summary>Whether a node's process runs.</summary>
    public bool IsAlive(int number) => _slots[number].Node?.Process.IsAlive == true;

    /// <summary>The node; null while its process does not run.</summary>
    public SimulatedNode? Node(int number) => IsAlive(number) ? _slots[number].Node : null;

    /// <summary>The time of the servers, µs since 1970.</summary>
    public long ServerUs => (Disks.ServerTime.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;

    /// <summary>Starts a node again and again until it runs.</summary>
    public async Task KeepStartingAsync(int number, TimeProvider time)
    {
        while (!IsAlive(number))
        {
            try
            {
                await StartAsync(number);
            }
            catch (TidelineException)
            {
                // As a supervisor does: the reason may pass.
                Kill(number);
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }
    }

    /// <summary>Starts the process of a node. The task ends when it has started, or fails as its start did.</summary>
    public Task StartAsync(int number)
    {
        var slot = _slots[number];
        var process = new SimulatedProcess(_world, _processes++, $"node {number}");
        // A process that starts with a clock far ahead stamps the future, and nothing can take that back.
        var offset = slot.ClockOffset > MostAheadAtStart ? TimeSpan.Zero : slot.ClockOffset;
        process.Time.Offset = slot.Skew + offset;
        // It measures by the clock that it started with: set right, it must be restarted, as its health says.
        process.IsBroken = offset != TimeSpan.Zero;
        var (node, started) = SimulatedNode.Start(process, () => Options(slot, process));
        slot.Node = node;
        return Task.WhenAny(started, process.Ended).Unwrap();
    }

    /// <summary>Kills the process of a node. Of what its disk had not flushed, a part may be there.</summary>
    public void Kill(int number)
    {
        if (Node(number) is not { } node) return;
        node.Process.Kill();
        if (Disks.Ledger.IsDurableAtCommit) return;
        for (var shard = 0; shard < Disks.Ledger.Map.Shards; shard++)
            Disks.Ledger.Crash(shard, _random.Below(Disks.Ledger.UnsyncedBatches(shard) + 1));
    }

    /// <summary>Sets the clock of a node's machine.</summary>
    public void SetClock(int number, TimeSpan offset)
    {
        _slots[number].ClockOffset = offset;
        if (Node(number) is { } node) node.Process.Time.Offset = _slots[number].Skew + offset;
    }

    public long ElapsedUs => _world.NowTicks / 10;

    public bool IsExpiryNear =>
        Disks.Ledger.NextExpiryUs() is { } expiryUs && expiryUs < ServerUs + SimulationLimits.NearUs;

    public void Note(ulong what) => _world.Note(what);

    public async Task<BankAnswer> SendAsync(
        int node, string method, string target, IReadOnlyList<(string Name, string Value)> headers, string? body)
    {
        if (Node(node) is not { } alive) throw new ConnectionLostException($"node {node}");
        var exchange = await alive.SendAsync(new HttpExchange(method, target, headers, body));
        return new BankAnswer(
            exchange.Status, exchange.Header("Tideline-Token"), exchange.Header("Tideline-Served-By"), exchange.Answer);
    }

    public long[] Heads()
    {
        var heads = new long[Disks.Ledger.Map.Shards];
        for (var shard = 0; shard < heads.Length; shard++) heads[shard] = Disks.Ledger.DurableSeq(shard);
        return heads;
    }

    private NodeOptions Options(NodeSlot slot, SimulatedProcess process) => new()
    {
        DataDirectory = Path.Combine(_folder, $"node-{slot.Number}"),
        Time = process.Time,
        IdSeed = _random.Next(),
        OpenPatience = TimeSpan.FromSeconds(5),
        Engines = new OwnEngines(
            process.Name, slot.Address,
            owner => new SimulatedEngines(Disks, process, owner, OwnShards(slot), _random.Fork())),
        Carry = Nodes == 1 ? null
            : (owner, shard, commands, cancel) => CarryAsync(process, owner, shard, commands, cancel),
    };

    private HashSet<int>? OwnShards(NodeSlot slot) => Nodes == 1 ? null
        : [.. Enumerable.Range(0, Disks.Ledger.Map.Shards).Where(shard => shard % Nodes == slot.Number)];

    // As PeerClient: what was not sent may be sent elsewhere; what was sent and not answered is unknown.
    private async Task<ReadOnlyMemory<byte>> CarryAsync(
        SimulatedProcess from, ShardOwner owner, int shard, ReadOnlyMemory<byte> commands, CancellationToken cancel)
    {
        var faults = new EngineFaults(
            from, _random, Disks.Kinds.HasFlag(FaultKinds.Network) ? FaultKinds.All : FaultKinds.None,
            Disks.FaultRate, "network", Disks.Outages);
        var slot = Array.Find(_slots, slot => slot.Address == owner.Address);
        // Not its successor, if it is killed while the command is under way.
        if (slot is null || Node(slot.Number) is not { Node.Receiver: { } receiver } node
            || !receiver.IsPeer($"{owner.Secret}"))
            throw new TidelineException(ErrorCode.NotOwner, $"The owner of shard {shard} could not be reached.");
        try
        {
            await faults.BeforeAsync("a command");
        }
        catch (TidelineException lost)
        {
            throw new TidelineException(ErrorCode.NotOwner, lost.Message);
        }

        var answer = node.Process.CallAsync(() => receiver.AnswerAsync(shard, commands));
        try
        {
            var answered = await answer.WaitAsync(cancel);
            await faults.AfterAsync();
            return faults.IsAnswerLost() ? throw faults.Lost("a command") : answered;
        }
        catch (ConnectionLostException lost)
        {
            throw new TidelineException(ErrorCode.StorageUnavailable, lost.Message);
        }
    }

    // A place for a node: what stays when its process ends.
    private sealed class NodeSlot(int number)
    {
        public int Number => number;

        public string Address { get; } = $"http://node-{number}:7400";

        /// <summary>How far its clock is off all the time.</summary>
        public TimeSpan Skew { get; init; }

        /// <summary>How far it is off beside that, for a while.</summary>
        public TimeSpan ClockOffset { get; set; }

        public SimulatedNode? Node { get; set; }
    }
}
