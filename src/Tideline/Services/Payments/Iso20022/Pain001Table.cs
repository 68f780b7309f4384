namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// The elements of pain.001.001.03 to .12 and of its national dialects, as their schemas order them. Sources: the ISO
/// 20022 message definitions "Payments Initiation"; SIX Interbank Clearing (.ch.02); Deutsche Kreditwirtschaft
/// (.002.03, .003.03).
/// </summary>
internal static class Pain001Table
{
    /// <summary>
    /// One type per row; a line that begins with a space continues it. Children are written <c>Name:Type</c>, in the
    /// order of the schema. A plain name occurs once, with <c>?</c> at most once, <c>*</c> any number of times,
    /// <c>+</c> at least once, <c>{3}</c> up to three times. A <c>|</c> makes the row a choice of one. <c>@4-8</c>
    /// limits a child to versions; a row <c>Name@de2,de3</c> replaces the row <c>Name</c> in those dialects. Types in
    /// lower case and lists of codes in parentheses are <see cref="SimpleType"/>s.
    /// </summary>
    public const string Text = """
        Document = CstmrCdtTrfInitn:Initiation
        Initiation = GrpHdr:Header PmtInf+:Block SplmtryData*:Supplementary@4-
        Initiation@ch,de2,de3 = GrpHdr:Header PmtInf+:Block
        Header = MsgId:t35 CreDtTm:dateTime Authstn{2}:Authorisation NbOfTxs:count CtrlSum?:sum InitgPty:Party
          FwdgAgt?:Agent InitnSrc?:Source@10-
        Header@ch = MsgId:id CreDtTm:dateTime NbOfTxs:count CtrlSum?:sum InitgPty:Initiator FwdgAgt?:AnyAgent
        Header@de2,de3 = MsgId:id CreDtTm:dateTime NbOfTxs:count CtrlSum?:sum InitgPty:Initiator
        Block = PmtInfId:t35 PmtMtd:(CHK,TRF,TRA) ReqdAdvcTp?:Advices@10- BtchBookg?:bool NbOfTxs?:count CtrlSum?:sum
          PmtTpInf?:PaymentType ReqdExctnDt:date@3-7 ReqdExctnDt:DateOrTime@8- PoolgAdjstmntDt?:date Dbtr:Party
          DbtrAcct:Account DbtrAgt:Agent DbtrAgtAcct?:Account InstrForDbtrAgt?:t140@4- UltmtDbtr?:Party
          ChrgBr?:(DEBT,CRED,SHAR,SLEV) ChrgsAcct?:Account ChrgsAcctAgt?:Agent CdtTrfTxInf+:Payment
        Block@ch = PmtInfId:id PmtMtd:(CHK,TRF,TRA) BtchBookg?:bool NbOfTxs?:count CtrlSum?:sum PmtTpInf?:PaymentType
          ReqdExctnDt:date Dbtr:Party DbtrAcct:TypedAccount DbtrAgt:ShortAgent UltmtDbtr?:Party
          ChrgBr?:(DEBT,CRED,SHAR,SLEV) ChrgsAcct?:AccountInCurrency CdtTrfTxInf+:Payment
        Block@de2,de3 = PmtInfId:id PmtMtd:(TRF) BtchBookg?:bool NbOfTxs?:count CtrlSum?:sum PmtTpInf?:PriorityType
          ReqdExctnDt:date Dbtr:Named DbtrAcct:AccountInCurrency DbtrAgt:DebtorAgent UltmtDbtr?:Initiator ChrgBr?:(SLEV)
          CdtTrfTxInf+:Payment
        Payment = PmtId:PaymentId PmtTpInf?:PaymentType Amt:Amounts XchgRateInf?:ExchangeRate
          ChrgBr?:(DEBT,CRED,SHAR,SLEV) MndtRltdInf?:Mandate@10- ChqInstr?:Cheque UltmtDbtr?:Party IntrmyAgt1?:Agent
          IntrmyAgt1Acct?:Account IntrmyAgt2?:Agent IntrmyAgt2Acct?:Account IntrmyAgt3?:Agent IntrmyAgt3Acct?:Account
          CdtrAgt?:Agent CdtrAgtAcct?:Account Cdtr?:Party CdtrAcct?:Account UltmtCdtr?:Party
          InstrForCdtrAgt*:CreditorInstruction InstrForDbtrAgt?:t140@3-9 InstrForDbtrAgt?:DebtorInstruction@10-
          Purp?:Code4 RgltryRptg{10}:Regulatory Tax?:Tax RltdRmtInf{10}:RemittanceLocation RmtInf?:Remittance
          SplmtryData*:Supplementary@5-
        Payment@ch = PmtId:PaymentId PmtTpInf?:PaymentType Amt:Amounts XchgRateInf?:ExchangeRate
          ChrgBr?:(DEBT,CRED,SHAR,SLEV) ChqInstr?:Cheque UltmtDbtr?:Party IntrmyAgt1?:Agent CdtrAgt?:Agent Cdtr?:Named
          CdtrAcct?:PlainAccount UltmtCdtr?:Named InstrForCdtrAgt*:CreditorInstruction InstrForDbtrAgt?:t140
          Purp?:OnlyCode4 RgltryRptg{10}:Regulatory RmtInf?:Remittance
        Payment@de2 = PmtId:PaymentId PmtTpInf?:PaymentType Amt:Amounts ChrgBr?:(SLEV) UltmtDbtr?:Initiator
          CdtrAgt:Agent Cdtr:Named CdtrAcct:PlainAccount UltmtCdtr?:Initiator Purp?:OnlyCode4 RmtInf?:Remittance
        Payment@de3 = PmtId:PaymentId PmtTpInf?:PaymentType Amt:Amounts ChrgBr?:(SLEV) UltmtDbtr?:Initiator
          CdtrAgt?:Agent Cdtr:Named CdtrAcct:PlainAccount UltmtCdtr?:Initiator Purp?:OnlyCode4 RmtInf?:Remittance
        PaymentId = InstrId?:t35 EndToEndId:t35 UETR?:uuid@9-
        PaymentId@ch,de2,de3 = InstrId?:id EndToEndId:id
        Amounts = InstdAmt:amount | EqvtAmt:Equivalent
        Amounts@de2,de3 = InstdAmt:euros
        Equivalent = Amt:amount CcyOfTrf:currency
        DateOrTime = Dt:date | DtTm:dateTime
        Account = Id:AccountId@3-10 Id?:AccountId@11- Tp?:AccountType Ccy?:currency Nm?:t70 Prxy?:Proxy@9-
        TypedAccount = Id:AccountId Tp?:AccountType Ccy?:currency
        AccountInCurrency = Id:AccountId Ccy?:currency
        PlainAccount = Id:AccountId
        AccountId = IBAN:iban | Othr:OtherAccount
        AccountId@de2,de3 = IBAN:iban
        OtherAccount = Id:t34 SchmeNm?:Code4 Issr?:t35
        OtherAccount@ch = Id:t34
        AccountType = Cd:(CASH,CHAR,COMM,TAXE,CISH,TRAS,SACC,CACC,SVGS,ONDP,MGLD,NREX,MOMA,LOAN,SLRY,ODFT)@3 | Cd:t4@4-
          | Prtry:t35
        Proxy = Tp?:Code4 Id:t2048
        Party = Nm?:t140 PstlAdr?:Address Id?:PartyId CtryOfRes?:country CtctDtls?:Contact
        Party@ch = Nm?:t70 PstlAdr?:ShortAddress Id?:OnePartyId
        Initiator@ch = Nm?:t70 Id?:OnePartyId CtctDtls?:ShortContact
        Initiator@de2,de3 = Nm?:t70 Id?:PartyId
        Named@ch = Nm:t70 PstlAdr?:ShortAddress Id?:OnePartyId
        Named@de2,de3 = Nm:t70 PstlAdr?:Address Id?:PartyId
        AnyParty = Nm?:t140 PstlAdr?:Address Id?:PartyId CtryOfRes?:country CtctDtls?:Contact
        PartyId = OrgId:Organisation | PrvtId:Person
        OnePartyId = OrgId:OneOrganisation | PrvtId:OnePerson
        Organisation = BICOrBEI?:bic@3 AnyBIC?:bic@4-8 AnyBIC?:bicfi@9- LEI?:lei@9- Othr*:OtherId
        Organisation@de2,de3 = BICOrBEI:bic | Othr:OtherId
        OneOrganisation = BICOrBEI?:bic Othr?:OtherId
        Person = DtAndPlcOfBirth?:Birth Othr*:OtherId
        Person@de2,de3 = DtAndPlcOfBirth:Birth | Othr:OtherId
        OnePerson = DtAndPlcOfBirth?:Birth Othr?:OtherId
        OtherId = Id:t35@3-11 Id:t256@12- SchmeNm?:Code4 Issr?:t35
        Birth = BirthDt:date PrvcOfBirth?:t35 CityOfBirth:t35 CtryOfBirth:country
        Address = AdrTp?:(ADDR,PBOX,HOME,BIZZ,MLTO,DLVY)@3-8 AdrTp?:AddressType@9- CareOf?:t140@12- Dept?:t70
          SubDept?:t70 StrtNm?:t70@3-11 StrtNm?:t140@12- BldgNb?:t16 BldgNm?:t35@9-11 BldgNm?:t140@12- Flr?:t70@9-
          UnitNb?:t16@12- PstBx?:t16@9- Room?:t70@9- PstCd?:t16 TwnNm?:t35@3-11 TwnNm?:t140@12- TwnLctnNm?:t35@9-11
          TwnLctnNm?:t140@12- DstrctNm?:t35@9-11 DstrctNm?:t140@12- CtrySubDvsn?:t35 Ctry?:country AdrLine{7}:t70
        Address@de2,de3 = Ctry?:country AdrLine{2}:t70
        ShortAddress = AdrTp?:(ADDR,PBOX,HOME,BIZZ,MLTO,DLVY) Dept?:t70 SubDept?:t70 StrtNm?:t70 BldgNb?:t16 PstCd?:t16
          TwnNm?:t35 CtrySubDvsn?:t35 Ctry?:country AdrLine{2}:t70
        AddressType = Cd:(ADDR,PBOX,HOME,BIZZ,MLTO,DLVY) | Prtry:AddressKind
        AddressKind = Id:alphanumeric4 Issr:t35 SchmeNm?:t35
        Contact = NmPrfx?:(DOCT,MIST,MISS,MADM)@3-8 NmPrfx?:(DOCT,MIST,MISS,MADM,MIKS)@9- Nm?:t140 PhneNb?:phone
          MobNb?:phone FaxNb?:phone URLAdr?:t2048@12- EmailAdr?:t2048@3-11 EmailAdr?:t256@12- EmailPurp?:t35@9-
          JobTitl?:t35@9- Rspnsblty?:t35@9- Dept?:t70@9- Othr?:t35@3-8 Othr*:OtherContact@9-
          PrefrdMtd?:(LETT,MAIL,PHON,FAXX,CELL)@9-11 PrefrdMtd?:(LETT,MAIL,PHON,FAXX,CELL,ONLI)@12-
        ShortContact = Nm?:t70 Othr?:t35
        OtherContact = ChanlTp:t4 Id?:t128
        Agent = FinInstnId:Institution BrnchId?:Branch
        Agent@ch = FinInstnId:Institution
        Agent@de2,de3 = FinInstnId:OnlyBic
        AnyAgent = FinInstnId:AnyInstitution BrnchId?:Branch
        ShortAgent = FinInstnId:ShortInstitution
        DebtorAgent@de2 = FinInstnId:OnlyBic
        DebtorAgent@de3 = FinInstnId:BicOrNone
        OnlyBic = BIC:bic
        BicOrNone = BIC:bic | Othr:NoBic
        NoBic = Id:(NOTPROVIDED)
        Institution = BIC?:bic@3 BICFI?:bic@4-8 BICFI?:bicfi@9- ClrSysMmbId?:Member LEI?:lei@9- Nm?:t140
          PstlAdr?:Address Othr?:OtherInstitution
        Institution@ch = BIC?:bic ClrSysMmbId?:Member Nm?:t70 PstlAdr?:ShortAddress Othr?:PlainInstitution
        AnyInstitution = BIC?:bic ClrSysMmbId?:Member Nm?:t140 PstlAdr?:Address Othr?:OtherInstitution
        ShortInstitution = BIC?:bic ClrSysMmbId?:Member
        OtherInstitution = Id:t35 SchmeNm?:Code4 Issr?:t35
        PlainInstitution = Id:t35
        Member = ClrSysId?:Code5 MmbId:t35
        Branch = Id?:t35 LEI?:lei@9- Nm?:t140 PstlAdr?:Address
        PaymentType = InstrPrty?:(HIGH,NORM) SvcLvl?:Code4@3-8 SvcLvl*:Code4@9- LclInstrm?:Code35 CtgyPurp?:Code4
        PaymentType@ch = InstrPrty?:(HIGH,NORM) SvcLvl?:Code4 LclInstrm?:Code35 CtgyPurp?:OnlyCode4
        PaymentType@de2,de3 = SvcLvl:Service CtgyPurp?:OnlyCode4
        PriorityType = InstrPrty?:(HIGH,NORM) SvcLvl:Service CtgyPurp?:OnlyCode4
        Service@de2 = Cd:(SEPA)
        Service@de3 = Cd:t4
        Code4 = Cd:t4 | Prtry:t35
        Code5 = Cd:t5 | Prtry:t35
        Code35 = Cd:t35 | Prtry:t35
        OnlyCode4 = Cd:t4
        Authorisation = Cd:(AUTH,FDET,FSUM,ILEV) | Prtry:t128
        Source = Nm:t140 Prvdr?:t35 Vrsn?:t35
        Advices = CdtAdvc?:Advice DbtAdvc?:Advice
        Advice = Cd:(ADWD,ADND) | Prtry:t35
        ExchangeRate = UnitCcy?:currency@4- XchgRate?:rate RateTp?:(SPOT,SALE,AGRD) CtrctId?:t35
        CreditorInstruction = Cd?:(CHQB,HOLD,PHOB,TELB)@3-9 Cd?:t4@10- InstrInf?:t140
        DebtorInstruction = Cd?:t4 InstrInf?:t140
        Mandate = MndtId?:t35 Tp?:MandateType DtOfSgntr?:date DtOfVrfctn?:dateTime ElctrncSgntr?:base64 FrstPmtDt?:date
          FnlPmtDt?:date Frqcy?:Frequency Rsn?:MandateReason
        MandateType = SvcLvl?:Code4 LclInstrm?:Code35 CtgyPurp?:Code4 Clssfctn?:MandateClass
        MandateClass = Cd:(FIXE,USGB,VARI) | Prtry:t35
        MandateReason = Cd:t4 | Prtry:t70
        Frequency = Tp:(YEAR,MNTH,QURT,MIAN,WEEK,DAIL,ADHO,INDA,FRTN) | Prd:FrequencyPeriod | PtInTm:FrequencyMoment
        FrequencyPeriod = Tp:(YEAR,MNTH,QURT,MIAN,WEEK,DAIL,ADHO,INDA,FRTN) CntPerPrd:decimal
        FrequencyMoment = Tp:(YEAR,MNTH,QURT,MIAN,WEEK,DAIL,ADHO,INDA,FRTN) PtInTm:digits2
        Cheque = ChqTp?:(CCHQ,CCCH,BCHQ,DRFT,ELDR) ChqNb?:t35 ChqFr?:NameAndAddress DlvryMtd?:Delivery
          DlvrTo?:NameAndAddress InstrPrty?:(HIGH,NORM) ChqMtrtyDt?:date FrmsCd?:t35 MemoFld{2}:t35 RgnlClrZone?:t35
          PrtLctn?:t35 Sgntr{5}:t70@4-
        Cheque@ch = ChqTp?:(CCHQ,CCCH,BCHQ,DRFT,ELDR) DlvryMtd?:Delivery
        Delivery = Cd:(MLDB,MLCD,MLFA,CRDB,CRCD,CRFA,PUDB,PUCD,PUFA,RGDB,RGCD,RGFA) | Prtry:t35
        NameAndAddress = Nm:t140 Adr:Address
        Regulatory = DbtCdtRptgInd?:(CRED,DEBT,BOTH) Authrty?:Authority Dtls*:RegulatoryDetail
        Authority = Nm?:t140 Ctry?:country
        RegulatoryDetail = Tp?:t35 Dt?:date Ctry?:country Cd?:t10 Amt?:amount Inf*:t35
        Tax = Cdtr?:TaxCreditor Dbtr?:TaxDebtor UltmtDbtr?:TaxDebtor@12- AdmstnZn?:t35@3-8 AdmstnZone?:t35@9-
          RefNb?:t140 Mtd?:t35 TtlTaxblBaseAmt?:amount TtlTaxAmt?:amount Dt?:date SeqNb?:number Rcrd*:TaxRecord
        TaxOfRemittance = Cdtr?:TaxCreditor Dbtr?:TaxDebtor UltmtDbtr?:TaxDebtor AdmstnZone?:t35 RefNb?:t140 Mtd?:t35
          TtlTaxblBaseAmt?:amount TtlTaxAmt?:amount Dt?:date SeqNb?:number Rcrd*:TaxRecord
        TaxCreditor = TaxId?:t35 RegnId?:t35 TaxTp?:t35
        TaxDebtor = TaxId?:t35 RegnId?:t35 TaxTp?:t35 Authstn?:TaxAuthorisation
        TaxAuthorisation = Titl?:t35 Nm?:t140
        TaxRecord = Tp?:t35 Ctgy?:t35 CtgyDtls?:t35 DbtrSts?:t35 CertId?:t35 FrmsCd?:t35 Prd?:TaxPeriod
          TaxAmt?:TaxAmount AddtlInf?:t140
        TaxPeriod = Yr?:date@3-10 Yr?:year@11-
          Tp?:(MM01,MM02,MM03,MM04,MM05,MM06,MM07,MM08,MM09,MM10,MM11,MM12,QTR1,QTR2,QTR3,QTR4,HLF1,HLF2)
          FrToDt?:DatePeriod
        DatePeriod = FrDt:date ToDt:date
        TaxAmount = Rate?:rate TaxblBaseAmt?:amount TtlAmt?:amount Dtls*:TaxRecordDetail
        TaxRecordDetail = Prd?:TaxPeriod Amt:amount
        RemittanceLocation = RmtId?:t35 RmtLctnMtd?:(FAXI,EDIC,URID,EMAL,POST,SMSM)@3-5 RmtLctnElctrncAdr?:t2048@3-5
          RmtLctnPstlAdr?:NameAndAddress@3-5 RmtLctnDtls*:RemittancePlace@6-
        RemittancePlace = Mtd:(FAXI,EDIC,URID,EMAL,POST,SMSM) ElctrncAdr?:t2048 PstlAdr?:NameAndAddress
        Remittance = Ustrd*:t140 Strd*:Structured
        Remittance@ch = Ustrd?:t140 Strd?:Structured
        Remittance@de2,de3 = Ustrd:t140 | Strd:Structured
        Structured = RfrdDocInf*:ReferredDocument RfrdDocAmt?:RemittanceAmount CdtrRefInf?:CreditorReference
          Invcr?:Party Invcee?:Party TaxRmt?:TaxOfRemittance@6- GrnshmtRmt?:Garnishment@6- AddtlRmtInf{3}:t140
        Structured@ch = RfrdDocInf*:ReferredDocument RfrdDocAmt?:RemittanceAmount CdtrRefInf?:CreditorReference
          Invcr?:AnyParty Invcee?:AnyParty AddtlRmtInf{3}:t140
        Structured@de2,de3 = CdtrRefInf?:CreditorReference
        CreditorReference = Tp?:ReferenceType Ref?:t35
        CreditorReference@de2,de3 = Tp:ReferenceType Ref:t35
        ReferenceType = CdOrPrtry:ReferenceCode Issr?:t35
        ReferenceCode = Cd:(RADM,RPIN,FXDR,DISP,PUOR,SCOR)@3-11 | Cd:t4@12- | Prtry:t35
        ReferenceCode@de2,de3 = Cd:(SCOR)
        ReferredDocument = Tp?:DocumentType Nb?:t35 RltdDt?:date@3-11 RltdDt?:TypedDate@12- LineDtls*:DocumentLine@7-
        DocumentType = CdOrPrtry:DocumentCode Issr?:t35
        DocumentCode = Cd:(MSIN,CNFA,DNFA,CINV,CREN,DEBN,HIRI,SBIN,CMCN,SOAC,DISP,BOLD,VCHR,AROI,TSUT)@3-5 |
          Cd:(MSIN,CNFA,DNFA,CINV,CREN,DEBN,HIRI,SBIN,CMCN,SOAC,DISP,BOLD,VCHR,AROI,TSUT,PUOR)@6-11 | Cd:t4@12- |
          Prtry:t35
        TypedDate = Tp:Code4 Dt:date
        DocumentLine = Id+:DocumentLineId Desc?:t2048 Amt?:RemittanceAmount
        DocumentLineId = Tp?:DocumentLineType Nb?:t35 RltdDt?:date
        DocumentLineType = CdOrPrtry:Code4 Issr?:t35
        RemittanceAmount = DuePyblAmt?:amount@3-11 DscntApldAmt?:amount@3 DscntApldAmt*:TypedAmount@4-11
          CdtNoteAmt?:amount@3-11 TaxAmt?:amount@3 TaxAmt*:TypedAmount@4-11 RmtAmtAndTp*:DocumentAmount@12-
          AdjstmntAmtAndRsn*:Adjustment RmtdAmt?:amount@3-11
        TypedAmount = Tp?:Code4 Amt:amount
        DocumentAmount = Tp:Code4 Amt:amount
        Adjustment = Amt:amount CdtDbtInd?:(CRDT,DBIT) Rsn?:t4 AddtlInf?:t140
        Garnishment = Tp:GarnishmentType Grnshee?:Party GrnshmtAdmstr?:Party RefNb?:t140 Dt?:date RmtdAmt?:amount
          FmlyMdclInsrncInd?:bool MplyeeTermntnInd?:bool
        GarnishmentType = CdOrPrtry:Code4 Issr?:t35
        Supplementary = PlcAndNm?:t350 Envlp:any
        """;
}
