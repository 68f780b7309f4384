using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using MongoDB.Bson;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

public sealed class StoredDocumentTests
{
    private static readonly Guid Writer = new("019aad7e-0000-7000-8000-000000000001");

    [Fact]
    public void Any_JSON_comes_back_as_it_was_written() =>
        Object(4).Select(Json)
            .Sample(json => RoundTrip(json).Json.Span.SequenceEqual(json), iter: 2_000, print: Encoding.UTF8.GetString);

    [Fact]
    public void Any_bytes_at_all_come_back_as_they_were_written() =>
        Gen.Byte.Array[0, 40].Sample(bytes => RoundTrip(bytes).Json.Span.SequenceEqual(bytes), iter: 2_000);

    [Fact]
    public void What_people_query_are_fields_of_their_own_types()
    {
        var stored = Encode("""{"name":"Ada","balance":12,"sum":12345678901234567890,"open":true,"none":null,"clock":{"k":7},"days":["2026-01-31"]}""");
        stored.Names.ShouldBe(["_id", "_tl", "name", "balance", "sum", "open", "none", "clock", "days"]);
        stored["_tl"].AsBsonDocument.Names.ShouldBe(["rev", "w", "log"]);
        (stored["balance"], stored["sum"])
            .ShouldBe((new BsonInt64(12), new BsonDecimal128(Decimal128.Parse("12345678901234567890"))));
        (stored["clock"]["k"], stored["days"][0], stored["none"], stored["open"])
            .ShouldBe((new BsonInt64(7), new BsonString("2026-01-31"), BsonNull.Value, BsonBoolean.True));
        StoredDocument.Mark(stored).ShouldBe((3L, Writer));
    }

    [Theory]
    [InlineData("""{"$set":1}""")]
    [InlineData("""{"a.b":1}""")]
    [InlineData("""{"":1}""")]
    [InlineData("""{"_id":1}""")]
    [InlineData("""{"_tl":1}""")]
    [InlineData("""{"exponent":1e3}""")]
    [InlineData("""{"a":1} """ + "x")]
    [InlineData("7")]
    public void What_BSON_cannot_say_is_kept_as_it_is_with_the_indexed_fields_beside_it(string json)
    {
        var stored = Encode(json);
        stored.Names.ShouldBe(["_id", "_tl", "city", "age"]);
        (stored["city"], stored["age"]).ShouldBe((new BsonString("Bern"), new BsonInt64(3)));
        Encoding.UTF8.GetString(stored["_tl"]["json"].AsByteArray).ShouldBe(json);
    }

    [Fact]
    public void Numbers_that_a_hand_wrote_are_read()
    {
        var foreign = new BsonDocument
        {
            ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1L), ["short"] = 5, ["double"] = 5.0, ["half"] = 0.5
        };
        Encoding.UTF8.GetString(Decode(foreign).Json.Span).ShouldBe("""{"short":5,"double":5,"half":0.5}""");
    }

    [Fact]
    public void A_document_of_somebody_else_is_damaged_and_says_why()
    {
        BsonDocument[] documents =
        [
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1L), ["when"] = new BsonDateTime(0) },
            new()
            {
                ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1L),
                ["inner"] = new BsonArray { new BsonDocument("re", new BsonRegularExpression("x")) }
            },
            new()
            {
                ["_id"] = "a",
                ["_tl"] = new BsonDocument("rev", 1L), ["re"] = new BsonRegularExpression("x"), ["more"] = 1
            },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1L), ["not"] = double.NaN },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", "1") },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1.0) },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 1) },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", 0L) },
            new() { ["_id"] = "a", ["_tl"] = new BsonDocument("rev", long.MaxValue) },
            new() { ["_id"] = "a", ["_tl"] = BsonNull.Value },
            new() { ["_tl"] = new BsonDocument("rev", "1"), ["_id"] = "a" },
            new() { ["when"] = new BsonDateTime(0), ["_id"] = "a" },
            new()
            {
                ["_id"] = "a", ["_tl"] = new BsonDocument { ["re"] = new BsonRegularExpression("x"), ["rev"] = 1L }
            },
            new() { ["_id"] = "a" },
        ];
        foreach (var document in documents)
        {
            var found = Decode(document);
            (found.Id, found.Revision).ShouldBe(("a", 0L));
            found.Damage.ShouldNotBeNull().ShouldStartWith("another program wrote it");
        }

        Decode(new BsonDocument { ["_id"] = 7, ["_tl"] = new BsonDocument("rev", 1L) }).Damage.ShouldNotBeNull();
    }

    [Fact]
    public void A_document_larger_than_MongoDB_takes_is_refused()
    {
        var json = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', MongoLimits.DocumentBytes)}}"}""");
        Should.Throw<TidelineException>(() => RoundTrip(json)).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    private static BsonDocument Encode(string json) =>
        new(StoredDocument.Encode(Write(Encoding.UTF8.GetBytes(json)), Writer, isLogged: true, FieldNode.None));

    private static Document RoundTrip(byte[] json) =>
        StoredDocument.Decode(
            StoredDocument.Encode(Write(json), Writer, isLogged: false, FieldNode.None), FieldNode.None);

    private static Document Decode(BsonDocument document) =>
        StoredDocument.Decode(new RawBsonDocument(document.ToBson()), FieldNode.None);

    private static DocumentWrite Write(byte[] json) =>
        new("a", 2, 3, json, new Dictionary<string, object?> { ["city"] = "Bern", ["age"] = 3L, ["email"] = null });

    private static byte[] Json(JsonNode value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        value.WriteTo(writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    // Half of a surrogate pair cannot be written as JSON.
    private static readonly Gen<string> Text = Gen.String.Select(text => string.Concat(text.EnumerateRunes()));

    private static readonly Gen<JsonNode?> Leaf = Gen.OneOf(
        Text.Select(text => (JsonNode?)JsonValue.Create(text)),
        Gen.Long.Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Decimal.Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Double.Where(double.IsFinite).Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Bool.Select(value => (JsonNode?)JsonValue.Create(value)),
        Gen.Const((JsonNode?)null));

    private static Gen<JsonNode?> Value(int depth) => depth == 0 ? Leaf : Gen.Frequency(
        (3, Leaf),
        (1, Object(depth - 1).Select(fields => (JsonNode?)fields)),
        (1, Value(depth - 1).Array[0, 5].Select(items => (JsonNode?)new JsonArray(items))));

    private static Gen<JsonObject> Object(int depth) =>
        Gen.Select(Gen.Frequency((9, Gen.String[Gen.Char.AlphaNumeric, 1, 8]), (1, Text)), Value(depth))
            .Array[0, 6].Select(fields =>
        {
            var made = new JsonObject();
            foreach (var (name, value) in fields) made.TryAdd(name, value);
            return made;
        });
}
