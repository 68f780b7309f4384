using System.Globalization;
using System.Text;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>
/// Two messages are the same if they have a debtor account and the message id in common. The sender's name and
/// identifiers are free text and do not count. Each debtor of a message claims its id, so that two files with a common
/// debtor cannot both use it. On disk, a message id is a file and each claim on it a line: debtor, import.
/// </summary>
/// <param name="Message">The name of the message id.</param>
/// <param name="Debtors">The names of the accounts that the message may debit.</param>
internal sealed record MessageClaims(Guid Message, IReadOnlySet<Guid> Debtors)
{
    /// <summary>The claims of a message.</summary>
    public static MessageClaims Of(Pain001Message message) => new(
        Idempotency.Key("message", message.MessageId),
        message.Instructions.Where(instruction => instruction.Breach is null).Select(Payer)
            .Where(payer => payer.Length > 0).Select(payer => Idempotency.Key("debtor", payer)).ToHashSet());

    /// <summary>The debtor's IBAN in its normal form; empty if there is none, and thus no payment.</summary>
    public static string Payer(PaymentInstruction instruction) =>
        Iban.TryParse(instruction.Debtor.Iban, out var iban) is null ? iban.ToString() : "";

    /// <summary>Reads the lines of a message id.</summary>
    public static IEnumerable<(Guid Debtor, Guid Import)> Read(string path) =>
        File.Exists(path)
            ? File.ReadLines(path).Select(line => (Guid.Parse(line.AsSpan(0, 36)), Guid.Parse(line.AsSpan(37))))
            : [];

    /// <summary>Writes the lines of a message id; durable when it returns.</summary>
    public static void Write(string path, IEnumerable<(Guid Debtor, Guid Import)> claims)
    {
        var lines = new StringBuilder();
        foreach (var (debtor, import) in claims) lines.Append(CultureInfo.InvariantCulture, $"{debtor} {import}\n");
        DurableFile.Write(path, Encoding.ASCII.GetBytes(lines.ToString()));
    }
}
