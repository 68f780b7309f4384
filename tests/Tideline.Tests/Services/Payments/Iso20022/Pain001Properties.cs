using System.Text;
using System.Xml.Linq;
using CsCheck;
using Tideline.Kernel;
using Tideline.Services.Payments.Iso20022;
using static Tideline.Tests.Services.Payments.Iso20022.Pain001Sample;

namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>
/// A valid file, changed at random: either it is still valid against a schema of the tests' own, or nothing of it can
/// be paid.
/// </summary>
public sealed class Pain001Properties
{
    private static readonly string[] Texts =
    [
        "", " ", "0", "1", "900", "1e0", "-1", "+1", "1,0", " 1 ", "1.000001", "2026-03-02x", "2026-03-01",
        "2026-02-30", "2026-03-02T10:00:00", "TRF ", "TRA",
        "EUR", "E", "DE89 3704 0044 0532 0130 00", Carla, "DEUTDEFF", "NOTPROVIDED",
        "eb6305c9-1f7f-49de-aed0-16487c27b42d", new('x', 35), new('x', 36), new('x', 141),
    ];

    private static readonly Gen<(int Kind, int Where, int Other, int Text)[]> Changes =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 200], Gen.Int[0, 200], Gen.Int[0, Texts.Length - 1]).Array[1, 3];

    [Fact]
    public void The_sample_is_valid_and_can_be_paid()
    {
        var document = Sample();
        IsoSchemas.Fault(document, IsoSchemas.Of001).ShouldBeNull();
        Paid(document).ShouldBe(["1 EUR"]);
    }

    [Fact]
    public void A_changed_file_is_valid_or_is_not_paid() => Changes.Sample(
        changes =>
        {
            var document = Sample();
            foreach (var change in changes) Change(document, change);
            var paid = Paid(document);
            if (paid.Count > 0) IsoSchemas.Fault(document, IsoSchemas.Of001).ShouldBeNull(document.ToString());
        },
        iter: 5_000);

    private static XDocument Sample() =>
        XDocument.Parse(new Pain001Sample(9, new Order(Anna, Ben, "1", Text: "Rent")).ToString());

    // Amounts that would move; a fault or a contradiction of the control sums moves none.
    private static List<string> Paid(XDocument document)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(document.ToString()));
        try
        {
            var message = Pain001Reader.Read(file, default);
            if (ControlChecks.Check(message) is not null) return [];
            return
            [
                .. from block in message.Instructions
                   where block.Breach is null
                   from payment in block.Payments
                   where payment.Breach is null && !payment.IsEquivalentAmount
                   select $"{payment.AmountText} {payment.CurrencyCode}",
            ];
        }
        catch (TidelineException fault)
        {
            fault.Code.ShouldBe(ErrorCode.InvalidInput);
            fault.Message.ShouldStartWith("Line ");
            return [];
        }
    }

    private static void Change(XDocument document, (int Kind, int Where, int Other, int Text) change)
    {
        var elements = document.Root!.Descendants().ToList();
        if (elements.Count == 0) return;
        var (element, other) = (elements[change.Where % elements.Count], elements[change.Other % elements.Count]);
        switch (change.Kind)
        {
            case 0: element.AddAfterSelf(new XElement(element)); break;
            case 1: element.Remove(); break;
            case 2: Swap(element); break;
            case 3 when element != other && !element.Descendants().Contains(other):
                element.Remove();
                other.AddFirst(element);
                break;
            case 4: element.Name = other.Name; break;
            case 5 when !element.HasElements: element.Value = Texts[change.Text]; break;
            case 6: element.SetAttributeValue(change.Text % 2 == 0 ? "Ccy" : "x", Texts[change.Text]); break;
            case 7: element.Name = XName.Get(element.Name.LocalName, "urn:other"); break;
            case 8: element.AddBeforeSelf(new XText(Texts[change.Text])); break;
            case 9: element.AddAfterSelf(new XElement(other)); break;
            default: break;
        }
    }

    private static void Swap(XElement element)
    {
        if (element.ElementsAfterSelf().FirstOrDefault() is not { } next) return;
        next.Remove();
        element.AddBeforeSelf(next);
    }
}
