using CsCheck;
using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Tests.Queries;

public sealed class CachedReadProperties
{
    private static readonly Gen<(int Kind, int Number)> Step = Gen.Select(Gen.Int[0, 11], Gen.Int[0, 60]);

    // Writes, projection, announcements, flushes, outages and reads in any order; an announcement, a flush or an outage
    // may come between a read and its fill.
    [Fact]
    public async Task A_session_read_holds_its_token_and_every_read_is_as_fresh_as_it_says()
    {
        await using var stage = await CachedStage.OpenAsync();
        var hits = 0L;
        await Step.Array[1, 80].SampleAsync(async steps =>
        {
            var customer = await Client.OpenAsync(stage);
            foreach (var (kind, number) in steps) await RunAsync(stage, customer, kind, number);
            stage.Cache.IsGone = false;
            await stage.Stage.FlowAsync();
            hits = stage.Counts[CacheOutcome.Hit];
        }, iter: 60, threads: 1);
        hits.ShouldBeGreaterThan(100);
    }

    private static async Task RunAsync(CachedStage stage, Client customer, int kind, int number)
    {
        switch (kind)
        {
            case 0 or 1:
                await customer.DepositAsync(number % 2);
                break;
            case 2 or 3:
                await stage.Stage.FlowAsync();
                break;
            case 4:
                await stage.AnnounceAsync();
                break;
            case 5 when number % 4 == 0:
                stage.Cache.Flush();
                break;
            case 6 when number % 4 == 0:
                stage.Cache.IsGone = !stage.Cache.IsGone;
                break;
            case 7:
                stage.Cache.BeforeFill = () => OvertakeAsync(stage, customer, number);
                break;
            case 8:
                await customer.ReadAsync(ReadConsistency.Bounded(number));
                break;
            case 9 or 10:
                await customer.ReadAsync(ReadConsistency.Session(customer.Token));
                break;
            default:
                await customer.ReadAsync(ReadConsistency.Eventual);
                break;
        }

        stage.Pass(1 + number % 5);
    }

    private static async Task OvertakeAsync(CachedStage stage, Client customer, int number)
    {
        await customer.DepositAsync(number % 2);
        await stage.Stage.FlowAsync();
        if (number % 3 > 0) await stage.AnnounceAsync();
        if (number % 3 > 1) stage.Cache.Flush();
    }

    /// <summary>
    /// A customer who pays in single cents, and so knows from a balance which of them a read has seen.
    /// </summary>
    private sealed class Client(CachedStage stage, Guid id, Guid[] accounts)
    {
        private const long BeginningMinor = 10_000;
        private readonly List<(int Account, long Seq, long TimeUs)> _deposits = [];

        public IReadOnlyList<Position> Token =>
            [.. Enumerable.Range(0, accounts.Length).Select(shard => new Position(shard,
                _deposits.LastOrDefault(deposit => deposit.Account == shard).Seq)).Where(position => position.Seq > 0)];

        public static async Task<Client> OpenAsync(CachedStage stage)
        {
            var (id, accounts) = await stage.CustomerAsync();
            return new Client(stage, id, accounts);
        }

        public async Task DepositAsync(int account)
        {
            var reply = await stage.Stage.Bank.DepositAsync(accounts[account], 1);
            reply.Position.Shard.ShouldBe(account);
            _deposits.Add((account, reply.Position.Seq, stage.Time.NowUs()));
        }

        /// <summary>Reads, and checks that what is promised is there.</summary>
        public async Task ReadAsync(ReadConsistency asked)
        {
            var nowUs = stage.Time.NowUs();
            var token = Token;
            var read = await stage.ReadAsync(id, asked);
            var promisedUs = nowUs - (long)(Math.Min(
                read.StalenessMs, asked.Level == ConsistencyLevel.Bounded ? asked.BoundMs : double.MaxValue) * 1_000);
            foreach (var account in Enumerable.Range(0, accounts.Length))
            {
                var seen = read.Customer.Accounts.Single(each => each.AccountId == accounts[account])
                    .PostedMinor - BeginningMinor;
                var ofAccount = _deposits.Where(deposit => deposit.Account == account).ToArray();
                seen.ShouldBeGreaterThanOrEqualTo(ofAccount.Count(deposit => deposit.TimeUs < promisedUs),
                    $"{asked.Level} from {read.ServedBy}, {read.StalenessMs} ms old");
                if (asked.Level == ConsistencyLevel.Session
                    && token.FirstOrDefault(position => position.Shard == account) is { Seq: > 0 } position)
                    seen.ShouldBeGreaterThanOrEqualTo(
                        ofAccount.Count(deposit => deposit.Seq <= position.Seq), $"session from {read.ServedBy}");
            }
        }
    }
}
