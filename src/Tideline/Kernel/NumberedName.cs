namespace Tideline.Kernel;

/// <summary>A number that is stored, with the name that is published for it. Both are permanent.</summary>
/// <param name="Number">The number.</param>
/// <param name="Name">The name.</param>
public abstract record NumberedName(int Number, string Name);
