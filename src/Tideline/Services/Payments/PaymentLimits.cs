namespace Tideline.Services.Payments;

/// <summary>Limits of payments and of imported files. A name ends with its unit.</summary>
public static class PaymentLimits
{
    /// <summary>Remittance lines of a payment that are kept.</summary>
    internal const int RemittanceLines = 50;

    /// <summary>Largest import file, bytes.</summary>
    public const int ImportBytes = 64 * 1024 * 1024;

    /// <summary>Payments of one import file.</summary>
    internal const int ImportPayments = 100_000;

    /// <summary>
    /// The most characters of one node that the XML parser accepts: a tag with its attributes, a text, a comment.
    /// </summary>
    internal const int XmlNodeCharacters = 256 * 1024;

    /// <summary>Nesting depth of an XML file: a pain.001 has 13 levels; extensions have more.</summary>
    internal const int XmlDepth = 64;

    /// <summary>Attributes of one element of an XML file.</summary>
    internal const int XmlAttributes = 32;

    /// <summary>Longest identifier in an ISO 20022 message (Max35Text).</summary>
    internal const int IsoIdentifierCharacters = 35;

    /// <summary>Longest line of additional information in a status report (Max105Text).</summary>
    internal const int IsoAdditionalInformationCharacters = 105;

    /// <summary>How long an import file may take to arrive and be parsed, milliseconds.</summary>
    internal const int ImportUploadMs = 600_000;

    /// <summary>Import files read into memory concurrently, before they are accepted; more wait.</summary>
    internal const int ImportsReading = 2;

    /// <summary>Import files executed concurrently; accepted files wait their turn, durably.</summary>
    internal const int ImportsRunning = 4;

    /// <summary>
    /// Debtor accounts of one import file that are processed concurrently; payments of one debtor run in order.
    /// </summary>
    internal const int ImportDebtorsInFlight = 64;

    /// <summary>First and longest wait before a payment of an import is retried after a fault, milliseconds.</summary>
    internal const int ImportRetryMs = 50, ImportRetryMaxMs = 5_000;

    /// <summary>How often an import polls its unfinished transfers, milliseconds.</summary>
    internal const int ImportPendingPollMs = 1_000;
}
