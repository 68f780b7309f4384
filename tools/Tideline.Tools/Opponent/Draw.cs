using System.Globalization;
using Tideline.Tools.Load;

namespace Tideline.Tools.Opponent;

/// <summary>The draw of one operation.</summary>
internal readonly record struct Draw(int Number, int Client, long NowUs, SeededRandom Random)
{
    /// <summary>A time as the bank reads it.</summary>
    public static string Time(long us) => DateTimeOffset.UnixEpoch.AddMicroseconds(us)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A command with a key of its own.</summary>
    public Operation Command(OperationKind kind, string method, string target, string? body) =>
        Plain(kind, method, target, body) with
        {
            Key = string.Create(CultureInfo.InvariantCulture, $"key-{Number}"),
        };

    /// <summary>An operation without a key.</summary>
    public Operation Plain(OperationKind kind, string method, string target, string? body = null) => new()
    {
        Number = Number, Client = Client, Kind = kind, Method = method, Target = target, Body = body,
    };

    /// <summary>An earlier command again, with its key.</summary>
    public Operation Again(Operation earlier) => new()
    {
        Number = Number, Client = Client, Kind = earlier.Kind, Method = earlier.Method, Target = earlier.Target,
        Body = earlier.Body, Key = earlier.Key, Subject = earlier.Subject, Other = earlier.Other, Hold = earlier.Hold,
        AmountMinor = earlier.AmountMinor, AtUs = earlier.AtUs, IsFinal = earlier.IsFinal,
        Legs = earlier.Legs, Currency = earlier.Currency, Word = earlier.Word,
    };
}
