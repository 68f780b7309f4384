using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;

namespace Tideline.Tests.Services.Payments.Iso20022;

/// <summary>
/// What the tests hold against the product's own table: XML Schema documents of the parts of pain.001.001.09 and
/// pain.002.001 that decide, written for the tests from the message definitions. Parts that nothing here writes are of
/// any type.
/// </summary>
internal static class IsoSchemas
{
    public const string Pain001Namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

    // Facets of the simple types, by name: base, then facet=value.
    private static readonly string[] Simple =
    [
        "t4 string minLength=1 maxLength=4",
        "t35 string minLength=1 maxLength=35",
        "t105 string minLength=1 maxLength=105",
        "t140 string minLength=1 maxLength=140",
        "count string pattern=[0-9]{1,15}",
        "sum decimal totalDigits=18 fractionDigits=17",
        "number decimal minInclusive=0 totalDigits=18 fractionDigits=5",
        "uuid string pattern=[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
        "ccy string pattern=[A-Z]{3,3}",
        "iban string pattern=[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}",
        "bic string pattern=[A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}",
        "method string pattern=CHK|TRF|TRA",
        "bearer string pattern=DEBT|CRED|SHAR|SLEV",
        "status string pattern=ACTC|RJCT|PDNG|ACCP|ACSP|ACSC|ACWC",
        "groupStatus string pattern=ACTC|RCVD|PART|RJCT|PDNG|ACCP|ACSP|ACSC|ACWC",
    ];

    private const string Amount = """
        <xs:complexType name="amount"><xs:simpleContent><xs:extension base="number">
          <xs:attribute name="Ccy" type="ccy" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
        """;

    // A row a type, as in "Header=MsgId:t35 CtrlSum?:sum"; a bar makes a choice. It becomes XML Schema below.
    private static readonly string[] Pain001 =
    [
        "Document=CstmrCdtTrfInitn:Initiation",
        "Initiation=GrpHdr:Header PmtInf+:Block SplmtryData*:xs:anyType",
        "Header=MsgId:t35 CreDtTm:xs:dateTime Authstn*:xs:anyType NbOfTxs:count CtrlSum?:sum InitgPty:Party "
            + "FwdgAgt?:Agent",
        "Block=PmtInfId:t35 PmtMtd:method BtchBookg?:xs:boolean NbOfTxs?:count CtrlSum?:sum "
            + "PmtTpInf?:PaymentType ReqdExctnDt:Moment PoolgAdjstmntDt?:xs:date Dbtr:Party DbtrAcct:Account "
            + "DbtrAgt:Agent DbtrAgtAcct?:Account InstrForDbtrAgt?:t140 UltmtDbtr?:Party ChrgBr?:bearer "
            + "ChrgsAcct?:Account ChrgsAcctAgt?:Agent CdtTrfTxInf+:Payment",
        "Payment=PmtId:Ids PmtTpInf?:PaymentType Amt:Amounts XchgRateInf?:xs:anyType ChrgBr?:bearer "
            + "ChqInstr?:xs:anyType UltmtDbtr?:Party IntrmyAgt1?:Agent IntrmyAgt1Acct?:Account IntrmyAgt2?:Agent "
            + "IntrmyAgt2Acct?:Account IntrmyAgt3?:Agent IntrmyAgt3Acct?:Account CdtrAgt?:Agent "
            + "CdtrAgtAcct?:Account Cdtr?:Party CdtrAcct?:Account UltmtCdtr?:Party InstrForCdtrAgt*:xs:anyType "
            + "InstrForDbtrAgt?:t140 Purp?:Code RgltryRptg*:xs:anyType Tax?:xs:anyType RltdRmtInf*:xs:anyType "
            + "RmtInf?:Remittance SplmtryData*:xs:anyType",
        "Ids=InstrId?:t35 EndToEndId:t35 UETR?:uuid",
        "Amounts=InstdAmt:amount|EqvtAmt:Equivalent",
        "Equivalent=Amt:amount CcyOfTrf:ccy",
        "Moment=Dt:xs:date|DtTm:xs:dateTime",
        "PaymentType=InstrPrty?:xs:anyType SvcLvl*:Code LclInstrm?:xs:anyType CtgyPurp?:Code",
        "Code=Cd:t4|Prtry:t35",
        "Party=Nm?:t140 PstlAdr?:xs:anyType Id?:PartyId CtryOfRes?:xs:anyType CtctDtls?:xs:anyType",
        "PartyId=OrgId:Organisation|PrvtId:xs:anyType",
        "Organisation=AnyBIC?:bic LEI?:xs:anyType Othr*:OtherId",
        "OtherId=Id:t35 SchmeNm?:Code Issr?:t35",
        "Account=Id:AccountId Tp?:xs:anyType Ccy?:ccy Nm?:xs:anyType Prxy?:xs:anyType",
        "AccountId=IBAN:iban|Othr:xs:anyType",
        "Agent=FinInstnId:Institution BrnchId?:xs:anyType",
        "Institution=BICFI?:bic ClrSysMmbId?:xs:anyType LEI?:xs:anyType Nm?:t140 PstlAdr?:xs:anyType "
            + "Othr?:xs:anyType",
        "Remittance=Ustrd*:t140 Strd*:xs:anyType",
    ];

    private static readonly string[] Pain002 =
    [
        "Document=CstmrPmtStsRpt:Report",
        "Report=GrpHdr:Header OrgnlGrpInfAndSts:Group OrgnlPmtInfAndSts*:Block",
        "Header=MsgId:t35 CreDtTm:xs:dateTime",
        "Group=OrgnlMsgId:t35 OrgnlMsgNmId:t35 OrgnlCreDtTm?:xs:dateTime OrgnlNbOfTxs?:count "
            + "OrgnlCtrlSum?:sum GrpSts?:groupStatus StsRsnInf*:Reason NbOfTxsPerSts*:PerStatus",
        "PerStatus=DtldNbOfTxs:count DtldSts:status DtldCtrlSum?:sum",
        "Reason=Rsn?:Code AddtlInf*:t105",
        "Code=Cd:t4|Prtry:t35",
        "Block=OrgnlPmtInfId:t35 OrgnlNbOfTxs?:count OrgnlCtrlSum?:sum PmtInfSts?:groupStatus "
            + "StsRsnInf*:Reason NbOfTxsPerSts*:PerStatus TxInfAndSts*:Payment",
        "Payment=StsId?:t35 OrgnlInstrId?:t35 OrgnlEndToEndId?:t35 UETR TxSts?:status StsRsnInf*:Reason "
            + "AccptncDtTm?:xs:dateTime AcctSvcrRef?:t35 ClrSysRef?:t35 OrgnlTxRef?:Reference",
        "Reference=Amt?:Amounts",
        "Amounts=InstdAmt:amount",
    ];

    /// <summary>pain.001.001.09.</summary>
    public static XmlSchemaSet Of001 { get; } = Build(Pain001Namespace, Pain001);

    /// <summary>pain.002.001 of a version.</summary>
    public static XmlSchemaSet Of002(int version) => Build(
        $"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version:00}",
        [.. Pain002.Select(row =>
            row.Replace(" UETR ", version >= 10 ? " OrgnlUETR?:uuid " : " ", StringComparison.Ordinal))]);

    /// <summary>What the schema says against a document; null when it is valid.</summary>
    public static string? Fault(XDocument document, XmlSchemaSet schema)
    {
        string? fault = null;
        document.Validate(schema, (_, found) => fault ??= found.Message);
        return fault;
    }

    private static XmlSchemaSet Build(string space, string[] rows)
    {
        const string Xs = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" elementFormDefault=\"qualified\"";
        var types = string.Concat(Simple.Select(Facets)) + Amount + string.Concat(rows.Select(Type));
        var text = $"<xs:schema {Xs} xmlns=\"{space}\" targetNamespace=\"{space}\">"
            + $"<xs:element name=\"Document\" type=\"Document\"/>{types}</xs:schema>";
        var schema = new XmlSchemaSet();
        using var reader = XmlReader.Create(new StringReader(text));
        schema.Add(null, reader);
        schema.Compile();
        return schema;
    }

    private static string Facets(string row)
    {
        var words = row.Split(' ');
        var facets = words[2..].Select(word => word.Split('=', 2))
            .Select(facet => $"<xs:{facet[0]} value=\"{facet[1]}\"/>");
        return $"<xs:simpleType name=\"{words[0]}\"><xs:restriction base=\"xs:{words[1]}\">{string.Concat(facets)}"
            + "</xs:restriction></xs:simpleType>";
    }

    private static string Type(string row)
    {
        var parts = row.Split('=', 2);
        var group = parts[1].Contains('|', StringComparison.Ordinal) ? "choice" : "sequence";
        var children = string.Concat(parts[1].Split(' ', '|').Select(Element));
        return $"<xs:complexType name=\"{parts[0]}\"><xs:{group}>{children}</xs:{group}></xs:complexType>";
    }

    private static string Element(string child)
    {
        var colon = child.IndexOf(':', StringComparison.Ordinal);
        var (name, type) = (child[..colon], child[(colon + 1)..]);
        var occurs = name[^1] switch
        {
            '?' => "minOccurs=\"0\"",
            '*' => "minOccurs=\"0\" maxOccurs=\"unbounded\"",
            '+' => "maxOccurs=\"unbounded\"",
            _ => "",
        };
        return $"<xs:element name=\"{name.TrimEnd('?', '*', '+')}\" type=\"{type}\" {occurs}/>";
    }
}
