using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Outcomes by idempotency key, on one connection.</summary>
internal sealed class OutcomeReader(SqliteDatabase database, TailIndex<Guid> tail)
{
    private readonly SqliteStatement _row = database.Prepare("SELECT row FROM outcome_index WHERE key = ?");
    private readonly SqliteStatement _outcome = database.Prepare($"SELECT {LedgerRows.OutcomeColumns} FROM outcomes WHERE row = ? AND key = ?");

    public OutcomeRow? Read(Guid key)
    {
        if (!tail.TryFind(key, out var row))
        {
            row = _row.Bind(key).Step() ? _row.Long(0) : 0;
            _row.Reset();
            if (row == 0) return null;
        }

        var outcome = _outcome.Bind(row).Bind(key).Step() ? LedgerRows.Outcome(_outcome) : null;
        _outcome.Reset();
        return outcome;
    }
}
