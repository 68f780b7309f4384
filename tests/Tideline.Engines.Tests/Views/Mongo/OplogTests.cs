using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using Tideline.Engines.Views.Mongo;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>The alarm of the oplog, on answers as MongoDB documents them.</summary>
public sealed class OplogTests : MongoLineStage
{
    private const int Unauthorized = 13;
    private int _now;

    [Theory]
    [InlineData(0, 100)]
    [InlineData(60, 40)]
    [InlineData(100, 0)]
    [InlineData(250, 0)]
    public void What_lies_before_the_token_is_left(int secondsBehind, int secondsLeft)
    {
        var window = new Oplog(new BsonTimestamp(1_000, 7), new BsonTimestamp(1_100, 1), IsFull: true)
            .Behind(new ChangeToken([], new BsonTimestamp(1_100 - secondsBehind, 3)));
        (window.Held, window.Left).ShouldBe((TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(secondsLeft)));
    }

    [Theory]
    [InlineData(59, true, true)]
    [InlineData(60, true, false)]
    [InlineData(59, false, false)]
    public void A_full_oplog_that_reaches_back_less_than_an_hour_is_short(int minutesLeft, bool isFull, bool isShort) =>
        new OplogWindow(TimeSpan.FromDays(2), TimeSpan.FromMinutes(minutesLeft), isFull).IsShort.ShouldBe(isShort);

    [Theory]
    [InlineData(600, 990, true)]
    [InlineData(600, 100, false)]
    [InlineData(100_000, 990, false)]
    public async Task A_consumer_behind_whom_the_oplog_is_short_is_warned_of_once(
        int secondsLeft, int size, bool isWarned)
    {
        Show(secondsLeft, size, maxSize: 1_000);
        var token = await NowAsync();
        for (var at = 0; at < 3; at++) token = (await Store.ReadChangesAsync(token, 10, Cancel)).ResumeToken;
        Logger.Lines.Count(line => line.Level == LogLevel.Warning && line.Text.Contains("oplog"))
            .ShouldBe(isWarned ? 1 : 0);
        // Read rarely, whoever asks.
        Commands("find").Count(IsOfOplog).ShouldBe(2);
        var window = (await Store.GetOplogWindowAsync(token, Cancel)).ShouldNotBeNull();
        (Math.Abs(window.Left.TotalSeconds - secondsLeft) < 60, window.IsShort).ShouldBe((true, isWarned));
    }

    [Fact]
    public async Task A_server_that_does_not_show_its_oplog_gives_no_window_and_no_fault()
    {
        Listen(command => IsOfOplog(command) ? Error(Unauthorized) : null);
        var token = await NowAsync();
        (await Store.GetOplogWindowAsync(token, Cancel)).ShouldBeNull();
        (await Store.ReadChangesAsync(token, 10, Cancel)).Changes.ShouldBeEmpty();
        Logger.Lines.ShouldNotContain(line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task The_oplog_of_the_server_itself_is_read_where_it_shows_it()
    {
        var token = await NowAsync();
        if (await Store.GetOplogWindowAsync(token, Cancel) is { } window)
            window.Left.ShouldBeLessThanOrEqualTo(window.Held + TimeSpan.FromMinutes(1));
    }

    // The answers of a primary whose oplog begins so long before now.
    private void Show(int secondsLeft, int size, int maxSize) => Listen(command =>
    {
        if (!IsOfOplog(command)) return null;
        if (_now == 0) _now = ChangeToken.Parse(
            Store.ReadChangesAsync(null, 1, Cancel).AsTask().GetAwaiter().GetResult().ResumeToken).Time.Timestamp;
        var found = command.GetElement(0).Name == "aggregate"
            ? new BsonDocument("storageStats", new BsonDocument { ["size"] = size, ["maxSize"] = maxSize })
            : new BsonDocument
            {
                ["ts"] = new BsonTimestamp(command["sort"]["$natural"] == 1 ? _now - secondsLeft : _now, 1),
                ["op"] = "n"
            };
        return new BsonDocument
        {
            ["ok"] = 1, ["cursor"] =
                new BsonDocument { ["firstBatch"] = new BsonArray { found }, ["id"] = 0L, ["ns"] = "local.oplog.rs" }
        };
    });

    private static bool IsOfOplog(BsonDocument command) => command["$db"] == "local"
        && command.GetElement(0).Value == "oplog.rs";
}
