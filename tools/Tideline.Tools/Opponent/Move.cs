namespace Tideline.Tools.Opponent;

/// <summary>What a client may do next.</summary>
internal enum Move
{
    Deposit,
    Withdraw,
    Transfer,
    PlaceHold,
    EndHold,
    SetStatus,
    Again,
    Journal,
    Read,
}
