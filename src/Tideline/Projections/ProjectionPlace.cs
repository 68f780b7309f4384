using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>Between what projections stand, and their clock.</summary>
internal sealed record ProjectionPlace(GeneralLedger Ledger, ILog Log, IViewStore Views, TimeProvider Time);
