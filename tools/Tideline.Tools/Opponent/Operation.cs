using System.Text.Json;

namespace Tideline.Tools.Opponent;

/// <summary>What an operation of a client is.</summary>
internal enum OperationKind
{
    CreateCustomer,
    OpenAccount,
    Deposit,
    Withdraw,
    Transfer,
    TransferBatch,
    Journal,
    PlaceHold,
    Capture,
    Release,
    SetStatus,
    ReadAccount,
    ReadHold,
    ReadEntries,
    ReadBalance,
    ReadCustomer,
    ReadMovements,
    FindCustomers,
    ReadStatement,
    ReadTransfer,
    ReadByKey,
    Operate,
    Verify,
    Resolve,
}

/// <summary>How an operation ended.</summary>
internal enum Ending
{
    /// <summary>No answer, or one that leaves open whether it was done.</summary>
    Unknown,

    /// <summary>It was done.</summary>
    Ok,

    /// <summary>It was refused; nothing changed.</summary>
    Failed,
}

/// <summary>An operation of the history: what was asked, when, and what was answered.</summary>
internal sealed record Operation
{
    /// <summary>Its number, in the order in which operations began.</summary>
    public required int Number { get; init; }

    public required int Client { get; init; }

    public required OperationKind Kind { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query.</summary>
    public required string Target { get; init; }

    /// <summary>The JSON of the body; null: none.</summary>
    public string? Body { get; init; }

    /// <summary>The idempotency key; null: none.</summary>
    public string? Key { get; init; }

    /// <summary>The operation whose token a session read sends; null: none.</summary>
    public Operation? After { get; init; }

    /// <summary>The freshness that a read asks for; empty: none.</summary>
    public string Consistency { get; init; } = "";

    /// <summary>The account, or the customer of a read of views.</summary>
    public Guid Subject { get; init; }

    /// <summary>The destination of a transfer, or the customer of a new account.</summary>
    public Guid Other { get; init; }

    public Guid Hold { get; init; }

    /// <summary>The amount in minor units; of a transaction, what its last account must have before it.</summary>
    public long AmountMinor { get; init; }

    public string Currency { get; init; } = "";

    /// <summary>The legs of a transaction: accounts, amounts in minor units, and their currencies.</summary>
    public IReadOnlyList<(Guid Account, long Minor, string Currency)> Legs { get; init; } = [];

    /// <summary>Whether a capture is the last of its hold.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The transfers of a batch, one a line; each is an operation of its own, with its key.</summary>
    public IReadOnlyList<Operation> Parts { get; init; } = [];

    /// <summary>Whether it is the line of a batch.</summary>
    public bool IsLine { get; init; }

    /// <summary>The status that the account shall have, the IBAN of a new account, or what a search asks for.</summary>
    public string Word { get; init; } = "";

    /// <summary>A time that it names, as the expiry of a hold, µs since 1970; 0: none.</summary>
    public long AtUs { get; init; }

    /// <summary>Where the period of a list begins, µs since 1970; 0: at the beginning.</summary>
    public long FromUs { get; init; }

    /// <summary>Whether it goes through all pages of its list.</summary>
    public bool IsWalk { get; init; }

    /// <summary>The node it was sent to.</summary>
    public int Node { get; set; }

    /// <summary>The virtual time at which it began and ended, µs.</summary>
    public long BeganUs { get; set; }

    public long EndedUs { get; set; }

    /// <summary>The time on the client's clock when it was answered, µs since 1970.</summary>
    public long AnsweredUs { get; set; }

    /// <summary>The newest durable event of each shard when it began, and when it ended.</summary>
    public long[] HeadsBefore { get; set; } = [];

    public long[] HeadsAfter { get; set; } = [];

    /// <summary>The status of the answer; 0: none came.</summary>
    public int Status { get; set; }

    /// <summary>The body of the answer.</summary>
    public JsonElement Answer { get; set; }

    /// <summary>The JSON of the answer; empty if it had none.</summary>
    public string Json => Answer.ValueKind == JsonValueKind.Undefined ? "" : Answer.GetRawText();

    /// <summary>The token of the answer.</summary>
    public string Token { get; set; } = "";

    /// <summary>Where a read was answered from.</summary>
    public string ServedBy { get; set; } = "";

    public Ending Ending => Status switch
    {
        >= 200 and < 300 => Ending.Ok,
        >= 400 and < 500 => Ending.Failed,
        _ => Ending.Unknown,
    };

    /// <summary>The type of the problem that was answered; empty if none was.</summary>
    public string Problem => Text("type") is { Length: > 0 } type ? type[(type.LastIndexOf('/') + 1)..] : "";

    /// <summary>A text field of the answer; empty if it has none.</summary>
    public string Text(string field) =>
        Answer.ValueKind == JsonValueKind.Object && Answer.TryGetProperty(field, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>An id of the answer; empty if it has none.</summary>
    public Guid Id(string field) => Guid.TryParse(Text(field), out var id) ? id : Guid.Empty;

    /// <summary>An amount of the answer, minor units.</summary>
    public long Minor(string field) => Amounts.Parse(Text(field));

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"#{Number,-4} client {Client} node {Node} {BeganUs / 1e6,9:F3} s to {EndedUs / 1e6,9:F3} s  {Method} {Target}"
        + $"{(Key is null ? "" : $" key {Key}")}{(Consistency.Length == 0 ? "" : $" {Consistency}")}"
        + $"{(After is null ? "" : $" after #{After.Number}")}{(Body is null ? "" : $" {Body}")}"
        + $"{(IsLine ? " (a line of this batch)" : "")}"
        + $"  →  {(Status == 0 ? "no answer" : $"{Status} {ServedBy} {Json}")}").ReplaceLineEndings(" ");
}
