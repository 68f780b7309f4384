namespace Tideline.Host.Running;

/// <summary>One line on the error stream with the progress of a long command, only on a terminal.</summary>
internal sealed class ProgressLine
{
    private int _width;

    public void Say(string words)
    {
        if (Console.IsErrorRedirected) return;
        Console.Error.Write($"\r{words.PadRight(_width)}");
        _width = words.Length;
    }

    /// <summary>Clears the line.</summary>
    public void End()
    {
        if (_width > 0) Console.Error.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
    }
}
