using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using Tideline.Engines.Views.Mongo;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>A store whose line to the server a test can watch and break.</summary>
public abstract class MongoLineStage : IAsyncLifetime
{
    private protected static readonly CollectionDefinition People = new("people_v1", [["email"]], LogChanges: true);
    private static readonly Dictionary<string, object?> NoIndexes = [];
    private readonly ConcurrentQueue<BsonDocument> _commands = new();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected MongoViews Views { get; } = new();

    private protected MongoLine Line { get; private set; } = null!;

    private protected MongoViewStore Store { get; private set; } = null!;

    private protected Log Logger { get; } = new();

    /// <summary>The commands of this name that went over the line.</summary>
    private protected IEnumerable<BsonDocument> Commands(string name) =>
        _commands.Where(command => command.GetElement(0).Name == name);

    public async ValueTask InitializeAsync()
    {
        Line = await Views.LineAsync();
        Listen(_ => null);
        Store = await Views.OpenAsync(Line.Address, Logger);
        await Store.EnsureCollectionAsync(People, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (Store is not null) await Store.DisposeAsync();
        if (Line is not null) await Line.DisposeAsync();
        await Views.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Answers commands in the place of the server, those that <paramref name="refuse"/> has an answer for.
    /// </summary>
    private protected void Listen(Func<BsonDocument, BsonDocument?> refuse) => Line.Refuse = command =>
    {
        _commands.Enqueue(command);
        return refuse(command);
    };

    /// <summary>Answers the first so many commands of this name with an error.</summary>
    private protected void Fail(string name, int times, int code, params string[] labels) => Listen(command =>
        command.GetElement(0).Name == name && Interlocked.Decrement(ref times) >= 0 ? Error(code, labels) : null);

    /// <summary>
    /// Loses the first so many answers to commands of this name, after the server has carried them out.
    /// </summary>
    private protected void Lose(string name, int times) => Line.Answer = (asked, answer) => asked == name
        && Interlocked.Decrement(ref times) >= 0 ? null : answer;

    private protected static BsonDocument Error(int code, params string[] labels) => new()
    {
        ["ok"] = 0, ["code"] = code,
        ["codeName"] = "Injected", ["errmsg"] = "injected by the test", ["errorLabels"] = new BsonArray(labels),
    };

    private protected static DocumentWrite Person(string id, long expected, long revision, string city = "Oslo") =>
        new(id, expected, revision, Encoding.UTF8.GetBytes($$"""{"city":"{{city}}","email":"{{id}}@x"}"""),
            new Dictionary<string, object?> { ["email"] = $"{id}@x" });

    private protected static DocumentWrite Gone(string id, long expected) =>
        new(id, expected, expected + 1, null, NoIndexes);

    private protected async Task<string> NowAsync() => (await Store.ReadChangesAsync(null, 10, Cancel)).ResumeToken;

    private protected async Task<List<(string Id, string Operation, long Revision)>> ChangesAsync(string token)
    {
        var seen = new List<(string, string, long)>();
        while (await Store.ReadChangesAsync(token, 1_000, Cancel) is { Changes.Count: > 0 } batch)
        {
            seen.AddRange(batch.Changes.Select(change => (change.Id, change.Operation, change.Revision)));
            token = batch.ResumeToken;
        }

        return seen;
    }

    /// <summary>Keeps what is logged.</summary>
    private protected sealed class Log : ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel,
            EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
