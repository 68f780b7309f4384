using System.Text.Json.Nodes;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>What a request asks for.</summary>
internal enum OperationKind
{
    Deposit,
    Withdrawal,
    Transfer,
    Hold,
    Capture,
}

/// <summary>What the client knows of a request.</summary>
internal enum OperationState
{
    /// <summary>Sent, never answered: it happened once or not at all.</summary>
    Unknown,

    /// <summary>Acknowledged as done.</summary>
    Done,

    /// <summary>Acknowledged as on its way: done or undone by the end.</summary>
    Running,

    /// <summary>Acknowledged as refused.</summary>
    Refused,
}

/// <summary>A request as the client of a drill remembers it, with its key and the last answer.</summary>
internal sealed class Operation(OperationKind kind, string key, string path, string body)
{
    public OperationKind Kind { get; } = kind;

    public string Key { get; } = key;

    public string Path { get; } = path;

    public string Body { get; } = body;

    /// <summary>The account that pays; empty for a deposit.</summary>
    public Guid From { get; init; }

    /// <summary>The account that is paid; empty where money leaves the bank.</summary>
    public Guid To { get; init; }

    public long AmountMinor { get; init; }

    /// <summary>Unique words by which its transactions are found in the ledger.</summary>
    public required string Reference { get; init; }

    /// <summary>
    /// Whether its answer stays the same for ever: not so for a hold, whose expiry must lie ahead when it is asked for.
    /// </summary>
    public bool Repeatable => Kind != OperationKind.Hold;

    public OperationState State { get; private set; }

    public HttpAnswer? Answer { get; private set; }

    /// <summary>The hold that was placed, as the answer names it.</summary>
    public Guid HoldId => (Guid)JsonNode.Parse(Answer!.Body)!["holdId"]!;

    /// <summary>How often it was sent without an answer.</summary>
    public int Unanswered { get; set; }

    /// <summary>Takes an answer in.</summary>
    /// <returns>False when it decides nothing (overloaded, shutting down): the same key may be sent again.</returns>
    public bool Take(HttpAnswer answer)
    {
        if (answer.Status is 429 or >= 500) return false;
        Answer = answer;
        State = answer.Status switch
        {
            200 or 201 => OperationState.Done,
            202 => OperationState.Running,
            _ => OperationState.Refused,
        };
        return true;
    }
}
