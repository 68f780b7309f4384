namespace Tideline.Kernel;

/// <content>Limits of transactions.</content>
public static partial class Limits
{
    /// <summary>Legs of one transaction.</summary>
    public const int TransactionLegs = 100;

    /// <summary>Conditions of one transaction.</summary>
    public const int TransactionConditions = 20;

    /// <summary>How far a value date may be from the booking date, in days either way.</summary>
    public const int ValueDateDays = 366;

    /// <summary>Longest code of a transaction (ISO 20022 Max35Text).</summary>
    public const int TransactionCodeCharacters = 35;

    /// <summary>Longest external reference of a transaction.</summary>
    public const int ExternalReferenceCharacters = 140;

    /// <summary>Metadata fields of a transaction, and the longest name and value.</summary>
    public const int MetadataFields = 16, MetadataNameCharacters = 40, MetadataValueCharacters = 250;

    /// <summary>Personal parts of one event, and the size of one, bytes.</summary>
    public const int PersonalParts = 4, PersonalPartBytes = 32_768;

    /// <summary>Remittance lines of a payment that are kept.</summary>
    public const int RemittanceLines = 50;
}
