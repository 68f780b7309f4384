using System.Collections.Concurrent;
using CsCheck;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>Threads that want the same names for accounts on different shards.</summary>
public sealed class ClaimRaceTests
{
    private static int s_races;

    [Fact]
    public async Task An_iban_that_threads_want_at_once_has_one_account_as_if_they_had_asked_in_order()
    {
        await using var bank = await Bank.OpenAsync(shards: 2);
        var customer = await bank.CustomerAsync();
        await Sampling.RunAsync(() => Gen.Const(() => (new ClaimRace(bank, customer), new ClaimModel()))
            .SampleParallel(
                Gen.Select(Gen.Int[0, 1], Gen.Int[0, 3]).Operation<ClaimRace, ClaimModel>(
                    want => $"open with {want.Item1}, key {want.Item2}",
                    (race, want) => race.OpenAsync(want.Item1, want.Item2).GetAwaiter().GetResult(),
                    (model, want) => model.Open(want.Item1, want.Item2)),
                equal: (race, model) => race.Equals(model), maxSequentialOperations: 1, maxParallelOperations: 6,
                iter: 60, threads: 3, printActual: race => $"{race}", printModel: model => $"{model}"));
        for (var shard = 0; shard < 2; shard++)
            (await new IbanCheck(bank.Ledger, shard).RunAsync(default)).Findings.ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }

    private sealed class ClaimModel
    {
        private readonly Dictionary<int, int> _holders = [];
        private readonly Dictionary<int, (int Iban, string Answer)> _outcomes = [];

        public SortedDictionary<string, int> Answers { get; } = new(StringComparer.Ordinal);

        public void Open(int iban, int key)
        {
            if (!_outcomes.TryGetValue(key, out var known))
                _outcomes[key] = known = (iban, _holders.TryAdd(iban, key) ? "opened" : $"{RefusalReason.IbanTaken}");
            var answer = known.Iban == iban ? known.Answer : $"{RefusalReason.IdempotencyKeyReused}";
            var line = $"{iban} with {key}: {answer}";
            Answers[line] = Answers.GetValueOrDefault(line) + 1;
        }

        public override string ToString() => string.Join("; ", Answers);
    }

    private sealed class ClaimRace(Bank bank, Guid customer)
    {
        private readonly int _number = Interlocked.Increment(ref s_races);
        private readonly ConcurrentBag<string> _answers = [];
        private readonly ConcurrentDictionary<int, Guid> _holders = new();

        public async Task OpenAsync(int iban, int key)
        {
            var (name, request) = (Name(iban), $"{_number} {iban}");
            var open = new OpenAccount(bank.Ledger.Ids.Next(), customer, Bank.Eur, 0, name)
            {
                Key = Idempotency.Key("", $"{_number} {key}"), Fingerprint = Idempotency.Fingerprint(request),
            };
            var reply = await bank.Ledger.ExecuteAsync(open, default);
            _answers.Add($"{iban} with {key}: {(reply.Refusal is { } refusal ? $"{refusal.Reason}" : "opened")}");
            if (reply.Refusal is not null) return;
            // It is found under its name from then on, by everybody.
            _holders.GetOrAdd(iban, reply.Subject).ShouldBe(reply.Subject);
            (await bank.Ledger.FindIbanAsync(name, default)).ShouldBe(reply.Subject);
        }

        public bool Equals(ClaimModel model) => _answers.CountBy(answer => answer)
            .OrderBy(answer => answer.Key, StringComparer.Ordinal).SequenceEqual(model.Answers);

        public override string ToString() => string.Join("; ", _answers.Order(StringComparer.Ordinal));

        private string Name(int iban) => Iban.Create("DE", $"{_number:000000000}{iban:000000000}").ToString();
    }
}
