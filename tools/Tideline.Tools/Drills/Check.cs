namespace Tideline.Tools.Drills;

/// <summary>Something that must hold, whether it did, and what was seen.</summary>
internal sealed record Check(string Name, bool Ok, string Detail);
