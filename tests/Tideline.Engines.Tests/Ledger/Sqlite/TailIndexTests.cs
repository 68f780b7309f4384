using CsCheck;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

/// <summary>The index of a growing table against a model of its file: whatever commits, rolls back or restarts, every row is found and no other.</summary>
public sealed class TailIndexTests
{
    private const int GenerationRows = 8;

    [Fact]
    public void Every_committed_row_is_found_whatever_happens()
    {
        // Positive: a batch of so many rows commits; zero: the program restarts; negative: a batch rolls back.
        Gen.Int[-3, 12].Array[0, 60].Sample(steps =>
        {
            var file = new ModelFile();
            foreach (var step in steps) file.Take(step);
            file.ShouldFindAll();
        });
    }

    [Fact]
    public void Memory_holds_two_generations_at_most()
    {
        var file = new ModelFile();
        for (var round = 0; round < 200; round++) file.Take(5);
        (file.Rows.Count - file.Index.Through).ShouldBeLessThanOrEqualTo(2 * GenerationRows + 5);
        file.Indexed.Count.ShouldBeGreaterThanOrEqualTo((int)file.Index.Through);
    }

    [Fact]
    public void A_key_that_has_a_row_in_memory_gets_no_second()
    {
        var file = new ModelFile();
        file.Take(1);
        Should.Throw<TidelineException>(() => file.Index.Stage(file.Rows[0]));
        file.Index.Discard();
        file.Index.Stage(-1);
        Should.Throw<TidelineException>(() => file.Index.Stage(-1));
    }

    // What stands in the file: the rows, the index, and how far it is said to reach.
    private sealed class ModelFile
    {
        private long _through;
        private int _made;

        public TailIndex<int> Index { get; private set; } = New();

        public List<int> Rows { get; } = [];

        public Dictionary<int, long> Indexed { get; } = [];

        public void Take(int step)
        {
            if (step == 0) Restart();
            else Write(Math.Abs(step), commits: step > 0);
        }

        public void ShouldFindAll()
        {
            for (var row = 1; row <= Rows.Count; row++) Find(Rows[row - 1]).ShouldBe(row);
            Find(-5).ShouldBe(0);
        }

        private void Write(int count, bool commits)
        {
            // Keys in no order.
            var keys = Enumerable.Range(0, count).Select(_ => unchecked(++_made * (int)0x9E3779B1) & 0x7FFFFFFF).ToArray();
            foreach (var key in keys) Index.Stage(key).ShouldBe(Rows.Count + 1 + Array.IndexOf(keys, key));
            var slice = Index.Slice().ToArray();
            slice.Select(row => row.Key).ShouldBeInOrder();
            if (!commits)
            {
                Index.Discard();
                return;
            }

            foreach (var (key, row) in slice) Indexed[key] = row;
            Rows.AddRange(keys);
            _through = Index.ThroughAfterSlice;
            Index.Publish();
            Index.Through.ShouldBe(_through);
        }

        private void Restart()
        {
            Index = New();
            Index.Load(_through, Enumerable.Range((int)_through, Rows.Count - (int)_through).Select(at => (Rows[at], at + 1L)));
        }

        private long Find(int key) => Index.TryFind(key, out var row) ? row : Indexed.GetValueOrDefault(key);

        private static TailIndex<int> New() => new(Comparer<int>.Default, GenerationRows);
    }
}
