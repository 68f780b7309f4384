namespace Tideline.Tools.Servers;

/// <summary>How a service is.</summary>
public enum ServiceCondition
{
    /// <summary>It runs and answers.</summary>
    Up,

    /// <summary>It does not run.</summary>
    Down,

    /// <summary>It runs and does not answer.</summary>
    NotAnswering,

    /// <summary>This machine does not have it and cannot get it.</summary>
    CannotBeHad,

    /// <summary>It can be had here and did not start.</summary>
    Failed,
}
