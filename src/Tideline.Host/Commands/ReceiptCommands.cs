using System.CommandLine;
using System.Text.Json;
using Tideline.Audit;
using Tideline.Host.Running;

namespace Tideline.Host.Commands;

/// <summary><c>receipt</c>: proofs of bookings for somebody who does not trust the bank's program.</summary>
internal static class ReceiptCommands
{
    public static Command Build() => new("receipt", "Get signed receipts of bookings, and check them offline.")
    {
        BuildGet(),
        BuildKey(),
        BuildVerify(),
    };

    private static Command BuildGet()
    {
        var id = new Argument<Guid>("ID") { Description = "The transaction or transfer." };
        var account = new Option<Guid?>("--account")
        {
            Description = "Only this account's entries, because an entry shows the balance.",
        };
        return Prints(
            new Command("get", "Print the receipt of a booked transaction.") { id, account },
            (parsed, node, cancel) => node.GetAsync(
                $"/v1/receipts/{parsed.GetValue(id)}{(parsed.GetValue(account) is { } of ? $"?accountId={of}" : "")}",
                cancel),
            answer => answer.GetRawText());
    }

    private static Command BuildKey() => Prints(
        new Command("key", "Print the public key that checks receipts; give it away."),
        (_, node, cancel) => node.GetAsync("/v1/receipts/key", cancel),
        answer => answer.GetProperty("publicKey").GetString()!.TrimEnd());

    // As it is, so that it can be written to a file.
    private static Command Prints(
        Command command, Func<ParseResult, OpsClient, CancellationToken, Task<JsonElement>> ask,
        Func<JsonElement, string> print)
    {
        var data = Options.Data();
        command.Add(data);
        command.SetAction(async (parsed, cancel) =>
        {
            await using var node = await OpsClient.OpenAsync(parsed.GetRequiredValue(data), cancel);
            Console.WriteLine(print(await ask(parsed, node, cancel)));
            return 0;
        });
        return command;
    }

    private static Command BuildVerify()
    {
        var file = new Argument<string>("FILE") { Description = "The receipt." };
        var key = new Option<string>("--key") { Description = "The public key, a PEM file.", Required = true };
        var command = new Command(
            "verify", "Check a receipt with nothing but the public key; exit 1 if it is not genuine.") { file, key };
        command.SetAction(async (parsed, cancel) =>
        {
            var verdict = ReceiptVerifier.Verify(
                await File.ReadAllBytesAsync(parsed.GetRequiredValue(file), cancel),
                await File.ReadAllTextAsync(parsed.GetRequiredValue(key), cancel));
            if (verdict is { Fault: null, Receipt: { } receipt })
            {
                Print(receipt);
                return 0;
            }

            await Console.Error.WriteLineAsync($"tideline: The receipt is not genuine. {verdict.Fault}");
            return 1;
        });
        return command;
    }

    private static void Print(Receipt receipt)
    {
        Console.WriteLine($"The receipt is genuine. Installation {receipt.Installation} signed at {receipt.IssuedAt}:");
        var reference = receipt.Reference is { } said ? $", \"{said}\"" : "";
        Console.WriteLine($"{receipt.Kind} {receipt.TransactionId}{reference}");
        foreach (var entry in receipt.Entries)
        {
            Console.WriteLine(
                $"  {entry.BookedAt}  account {entry.AccountId}  {entry.Amount} {entry.Currency}, "
                + $"then {entry.Balance}, entry {entry.EntryVersion}");
        }

        Console.WriteLine("They are in these published heads of the audit chain (./tideline audit head):");
        foreach (var (shard, block, head) in receipt.Entries
            .Select(entry => (entry.Event.Shard, entry.Proof.Block, entry.Proof.Head)).Distinct())
            Console.WriteLine($"  shard {shard}, block {block}: {head}");
    }
}
