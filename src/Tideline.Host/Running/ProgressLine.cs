namespace Tideline.Host.Running;

/// <summary>
/// One line on the error stream that says how far a long command is, for a person who looks; a script sees none.
/// </summary>
internal sealed class ProgressLine
{
    private int _width;

    public void Say(string words)
    {
        if (Console.IsErrorRedirected) return;
        Console.Error.Write($"\r{words.PadRight(_width)}");
        _width = words.Length;
    }

    /// <summary>Wipes the line.</summary>
    public void End()
    {
        if (_width > 0) Console.Error.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
    }
}
