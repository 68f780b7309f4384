using System.Text;
using System.Text.Json;
using CsCheck;
using MongoDB.Bson;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>Documents as the tools of MongoDB see them: dates, decimals, ids and bytes.</summary>
public sealed class NativeTypeTests
{
    private static readonly Guid s_id = new("019aad7e-0000-7000-8000-00000000000a");

    private static readonly Gen<Guid> Id = Gen.Guid;
    private static readonly Gen<string> Code = Gen.OneOf(
        Gen.Const("EUR"), Gen.Const("JPY"), Gen.Const("KWD"), Gen.Const("CLF"));
    private static readonly Gen<long> TimeUs = Gen.Long[0, 4_000_000_000_000_000];
    private static readonly Gen<DateOnly> Day = Gen.Int[0, 3_000_000].Select(DateOnly.FromDayNumber);
    private static readonly Gen<decimal> Sum = Gen.OneOf(
        Gen.Long.Select(whole => (decimal)whole), Gen.Const(decimal.MaxValue), Gen.Const(9_223_372_036_854_775_808m));

    [Fact]
    public void A_transaction_has_ids_dates_and_decimals()
    {
        var stored = Encode("transactions", Json(Transaction(1_795_435_200_123_456)));
        stored["customerId"].AsBsonBinaryData.ShouldBe(new BsonBinaryData(s_id, GuidRepresentation.Standard));
        stored["amountMinor"].ShouldBe(new BsonInt64(-1_234));
        stored["amount"].ShouldBe(new BsonDecimal128(Decimal128.Parse("-12.34")));
        stored["balanceAfter"].ShouldBe(new BsonDecimal128(Decimal128.Parse("0.05")));
        stored["bookedAtUs"].ShouldBe(new BsonInt64(1_795_435_200_123_456));
        stored["bookedAt"].ShouldBe(new BsonDateTime(1_795_435_200_123));
        stored["valueDate"].ShouldBe(new BsonDateTime(new DateTime(2026, 11, 30, 0, 0, 0, DateTimeKind.Utc)));
        stored["personal"][0]["data"].AsByteArray.ShouldBe(new byte[] { 1, 2, 250 });
    }

    [Theory]
    [InlineData(1_234, 2, "12.34")]
    [InlineData(-5, 2, "-0.05")]
    [InlineData(0, 2, "0.00")]
    [InlineData(7, 0, "7")]
    [InlineData(long.MinValue, 3, "-9223372036854775.808")]
    public void An_amount_in_major_units_is_exact(long minor, int exponent, string expected) =>
        NativeValue.Major(minor, exponent).ShouldBe(Decimal128.Parse(expected));

    [Fact]
    public void Any_transaction_comes_back_byte_for_byte() =>
        Gen.Select(Id, Code, Gen.Long, TimeUs, Day, Gen.String, Gen.Byte.Array[0, 50]).Sample(
            (id, code, minor, us, day, text, bytes) => ComesBack("transactions", Json(Transaction(us) with
            {
                CustomerId = id,
                Currency = code,
                AmountMinor = minor,
                ValueDate = day,
                Reference = string.Concat(text.EnumerateRunes()),
                Metadata = new() { ["amount"] = "1", ["x"] = code },
                Personal = [new PersonalPart(id, bytes)],
            })), iter: 2_000);

    [Fact]
    public void Any_customer_comes_back_byte_for_byte() =>
        Gen.Select(Id, Code, Gen.Long, TimeUs, Day, Sum).Sample((id, code, minor, us, day, sum) =>
        {
            var document = new CustomerDocument
            {
                CustomerId = id,
                OldestDay = day.ToString("yyyy-MM-dd"),
                Accounts = [new AccountView(id, null, code, "open", minor, minor, 0, minor, 1)],
                Clock = new() { [id] = 3 },
                Transactions = new CustomerActivity
                {
                    Last30Days = new ActivityWindow(1, [new CurrencyActivity(code, 1, sum, 0)]),
                    Recent = [new RecentTransaction(id, id, "deposit", minor, code, minor, us, null, "+x")],
                    Days = [new ActivityDay(day, code, 1, sum, sum)],
                },
            };
            return ComesBack(
                "customers", JsonSerializer.SerializeToUtf8Bytes(document, ViewJson.Default.CustomerDocument));
        }, iter: 2_000);

    [Theory]
    [InlineData("{ $set: { amount: NumberDecimal('99') } }")]
    [InlineData("{ $set: { amountMinor: NumberLong(99) } }")]
    [InlineData("{ $set: { bookedAt: ISODate('2026-01-01T00:00:00Z') } }")]
    [InlineData("{ $set: { bookedAtUs: NumberLong(1) } }")]
    [InlineData("{ $set: { currency: 'JPY' } }")]
    [InlineData("{ $set: { customerId: '019aad7e-0000-7000-8000-00000000000a' } }")]
    [InlineData("{ $set: { valueDate: '2026-11-30' } }")]
    [InlineData("{ $set: { valueDate: ISODate('2026-01-01T00:00:01Z') } }")]
    [InlineData("{ $unset: { amount: 1 } }")]
    public void An_edited_field_that_contradicts_another_is_damage(string edit)
    {
        var stored = Encode("transactions", Json(Transaction(1_795_435_200_123_456)));
        var update = BsonDocument.Parse(edit);
        if (update.TryGetValue("$set", out var set)) stored.Merge(set.AsBsonDocument, overwriteExistingElements: true);
        else foreach (var name in update["$unset"].AsBsonDocument.Names) stored.Remove(name);
        StoredDocument.Decode(new RawBsonDocument(stored.ToBson()), Types("transactions")).Damage
            .ShouldNotBeNull().ShouldStartWith("another program wrote it: its field '");
    }

    [Fact]
    public void Types_that_cannot_be_are_refused()
    {
        FieldType[][] bad =
        [
            [new FieldType("a", FieldKind.AmountMinor)],
            [new FieldType("Us", FieldKind.TimeUs)],
            [new FieldType("a", FieldKind.Id), new FieldType("a", FieldKind.Day)],
            [new FieldType("aMinor", FieldKind.AmountMinor), new FieldType("a", FieldKind.Day)],
            [new FieldType("a", FieldKind.Day), new FieldType("aUs", FieldKind.TimeUs)],
        ];
        foreach (var types in bad)
            Should.Throw<TidelineException>(() => FieldNode.Of(types)).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    private static TransactionDocument Transaction(long us) => new()
    {
        CustomerId = s_id, AccountId = s_id, TransactionId = s_id, Kind = "transfer", Direction = "out",
        AmountMinor = -1_234, Currency = "EUR", BalanceAfterMinor = 5, BookedAtUs = us, BookedAt = Clock.FromUs(us),
        ValueDate = new DateOnly(2026, 11, 30), Personal = [new PersonalPart(s_id, [1, 2, 250])],
    };

    private static byte[] Json(TransactionDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, ViewJson.Default.TransactionDocument);

    private static bool ComesBack(string collection, byte[] json)
    {
        var types = Types(collection);
        var stored = StoredDocument.Encode(Write(json), s_id, isLogged: true, types);
        // As fields that people can query, not as it is.
        new BsonDocument(stored)["_tl"].AsBsonDocument.Contains("json").ShouldBeFalse(Encoding.UTF8.GetString(json));
        return StoredDocument.Decode(stored, types).Json.Span.SequenceEqual(json);
    }

    private static BsonDocument Encode(string collection, byte[] json) =>
        new(StoredDocument.Encode(Write(json), s_id, isLogged: true, Types(collection)));

    private static FieldNode Types(string collection) => FieldNode.Of(BankServices.Projections
        .SelectMany(projection => new ViewNames(projection, 1).Definitions)
        .Single(definition => definition.Name == $"{collection}_v1").Fields);

    private static DocumentWrite Write(byte[] json) => new("a", 0, 1, json, new Dictionary<string, object?>());
}
