using Bogus;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Services.Accounts;

namespace Tideline.Host.Demo;

/// <summary>
/// Plausible customers: names typical of their countries, IBANs with valid check digits, a salary, a rent. The seed and
/// the keys are always the same, so that loading them again changes nothing.
/// </summary>
internal sealed class DemoCustomers
{
    /// <summary>The source of the README's first transfer.</summary>
    public static readonly Guid AdasAccount = Guid.Parse("00000000-0000-7000-8000-0000000000a1");

    /// <summary>The destination of the README's first transfer.</summary>
    public static readonly Guid BelasAccount = Guid.Parse("00000000-0000-7000-8000-0000000000b1");

    /// <summary>The payer of the documentation's salaries file.</summary>
    public static readonly Guid EmployersAccount = Guid.Parse("00000000-0000-7000-8000-0000000000c1");

    /// <summary>
    /// The number of customers that traffic leaves alone, for users who try the program: Ada, Béla and their employer.
    /// </summary>
    public const int Reserved = 3;

    private const int Count = 200;
    private const int Together = 50;
    private const int Seed = 20261123;
    private static readonly Guid Ada = Guid.Parse("00000000-0000-7000-8000-00000000000a");
    private static readonly Guid Bela = Guid.Parse("00000000-0000-7000-8000-00000000000b");

    private static readonly Guid Employer = Guid.Parse("00000000-0000-7000-8000-00000000000c");

    // No name generator knows Hungarian.
    private static readonly string[] HungarianFamilies =
        ["Nagy", "Kovács", "Tóth", "Szabó", "Horváth", "Varga", "Kiss", "Molnár", "Németh", "Farkas"];
    private static readonly string[] HungarianNames =
        ["Anna", "Zsófia", "Eszter", "Katalin", "Ilona", "László", "István", "Gábor", "Péter", "Zoltán"];

    private static readonly (string Country, string Locale, string Currency, long SalaryMinor)[] Countries =
    [
        ("DE", "de", "EUR", 310_000), ("FR", "fr", "EUR", 280_000),
        ("ES", "es", "EUR", 220_000), ("IT", "it", "EUR", 230_000), ("NL", "nl", "EUR", 330_000),
        ("GB", "en_GB", "GBP", 270_000), ("PL", "pl", "PLN", 780_000),
        ("SE", "sv", "SEK", 3_400_000), ("CH", "de_CH", "CHF", 620_000), ("HU", "en", "HUF", 48_000_000),
    ];

    private DemoCustomers(IReadOnlyList<DemoCustomer> all) => All = all;

    public IReadOnlyList<DemoCustomer> All { get; }

    /// <summary>
    /// Creates the customers on a node, or finds them there. Customers on a closed shard are left out.
    /// </summary>
    public static async Task<DemoCustomers> LoadAsync(TidelineNode node, CancellationToken cancel)
    {
        await RequireOwnFolderAsync(node, cancel);
        var customers = new List<DemoCustomer>();
        foreach (var group in Describe(node.Ledger.Map).Chunk(Together))
        {
            var opened = await Task.WhenAll(group.Select(customer => TryOpenAsync(node, customer, cancel)));
            customers.AddRange(group.Where((_, at) => opened[at]));
        }

        return new DemoCustomers(customers);
    }

    // Real data must not be mixed with made-up customers: the folder must be empty, or contain only the demo's
    // customers.
    private static async Task RequireOwnFolderAsync(TidelineNode node, CancellationToken cancel)
    {
        var ledger = node.Ledger;
        var isUsed = false;
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
            isUsed |= (await ledger.RawReader(shard).GetCustomersAsync(Guid.Empty, 1, cancel)).Count > 0;
        if (!isUsed) return;
        foreach (var customer in Describe(ledger.Map).Take(Together))
        {
            var reader = ledger.RawReader(ledger.Map.ShardOf(customer.CustomerId));
            if (await reader.GetCustomerAsync(customer.CustomerId, cancel) is not null) return;
        }

        throw new TidelineException(
            ErrorCode.InvalidInput, "This folder has customers other than the demo's, and the demo would add its own "
                + "to them. Choose another folder with --data, or start without --demo. Nothing was written.");
    }

    private static async Task<bool> TryOpenAsync(TidelineNode node, DemoCustomer customer, CancellationToken cancel)
    {
        try
        {
            await OpenAsync(node, customer, cancel);
            return true;
        }
        catch (TidelineException)
            when (Enumerable.Range(0, node.Ledger.Map.Shards).Any(shard => node.Ledger.WhyClosed(shard) is not null))
        {
            return false;
        }
    }

    private static IEnumerable<DemoCustomer> Describe(ShardMap map)
    {
        yield return new DemoCustomer(Ada, AdasAccount, "Ada Lindqvist",
            "ada@example.com", "SE", "EUR", 320_000, Iban.Create("SE", "50000000058398257466").ToString());
        yield return new DemoCustomer(Bela, BelasAccount, "Béla Kovács",
            "bela@example.com", "HU", "EUR", 240_000, Iban.Create("HU", "117730161111101800000000").ToString());
        yield return new DemoCustomer(Employer, EmployersAccount, "Nordlicht Werke GmbH",
            "payroll@example.com", "DE", "EUR", 50_000_000, Iban.Create("DE", "370400440532013000").ToString());
        var random = new Randomizer(Seed);
        var ids = new IdGenerator(new FixedTime(), Seed);
        var names = Countries.ToDictionary(
            country => country.Country, country => new Bogus.DataSets.Name(country.Locale) { Random = random });
        for (var number = 0; number < Count; number++)
        {
            var (country, _, currency, salary) = Countries[random.Number(Countries.Length - 1)];
            var name = country == "HU" ? $"{random.ArrayElement(HungarianNames)} "
                + $"{random.ArrayElement(HungarianFamilies)}" : names[country].FullName();
            var letters = name.Normalize(System.Text.NormalizationForm.FormD).Where(char.IsAsciiLetter);
            var email = $"{string.Concat(letters).ToLowerInvariant()}{number}@example.com";
            var iban = DemoIbans.Next(random, country);
            var account = map.NextOn(number % map.Shards, ids);
            yield return new DemoCustomer(
                ids.Next(), account, name, email, country, currency, salary * random.Number(80, 160) / 100, iban);
        }
    }

    private static async Task OpenAsync(TidelineNode node, DemoCustomer customer, CancellationToken cancel)
    {
        var currency = Currency.Parse(customer.Currency);
        await OnceAsync(node, new CreateCustomer(customer.CustomerId, customer.Name, customer.Email, customer.Country),
            $"demo-customer-{customer.CustomerId}", cancel);
        await OnceAsync(node, new OpenAccount(customer.AccountId, customer.CustomerId, currency, 0, customer.Iban),
            $"demo-account-{customer.AccountId}", cancel);
        var words = customer.AccountId == EmployersAccount ? "Opening balance" : "Salary";
        var amount = new Money(customer.SalaryMinor, currency);
        var salary = new Deposit(node.Ledger.NextIdBeside(customer.AccountId), customer.AccountId, amount, words);
        await OnceAsync(node, salary, $"demo-salary-{customer.AccountId}", cancel);
    }

    private static async Task OnceAsync(TidelineNode node, LedgerCommand command, string key, CancellationToken cancel)
    {
        var reply = await node.Ledger.ExecuteAsync(
            command with { Key = Idempotency.Key("demo", key), Fingerprint = Idempotency.Fingerprint(key) }, cancel);
        if (reply.Refusal is { } refusal) throw new TidelineException(
            ErrorCode.IncompatibleData, $"The demo customers do not fit the data in this folder: {refusal.Detail}");
    }

    // The ids of the demo must be the same on every machine and every day.
    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);
    }
}

/// <summary>A customer of the demo with one account.</summary>
internal sealed record DemoCustomer(Guid CustomerId,
    Guid AccountId, string Name, string Email, string Country, string Currency, long SalaryMinor, string Iban);
