using System.Globalization;
using Bogus;
using Tideline.Kernel;

namespace Tideline.Host.Demo;

/// <summary>IBANs in the format of each country: its bank codes, its length, and valid check digits.</summary>
internal static class DemoIbans
{
    // '#' is a digit of the account number; the digits before it identify bank and branch, the digits after it are a
    // national suffix.
    private static readonly Dictionary<string, string[]> Forms = new(StringComparer.Ordinal)
    {
        ["CH"] = ["00230############", "00762############"],
        ["DE"] = ["37040044##########", "50010517##########", "20041133##########"],
        ["ES"] = ["21000418############", "00491500############"],
        ["GB"] = ["BARC203015########", "MIDL400515########", "LOYD309634########"],
        ["HU"] = ["11773016########00000000", "10700024########00000000"],
        ["IT"] = ["X0542811101############", "K0306909606############"],
        ["NL"] = ["INGB000#######", "ABNA041#######", "RABO031#######"],
        ["PL"] = ["10901014################", "11402004################"],
        ["SE"] = ["500000000583########", "300000000625########"],
    };

    public static string Next(Randomizer random, string country) => Iban.Create(
        country, country == "FR" ? French(random) : random.Replace(random.ArrayElement(Forms[country]))).ToString();

    // A French account number ends with its own check key, the clé RIB: 97 - (89 bank + 15 branch + 3 account) mod 97.
    private static string French(Randomizer random)
    {
        var bank = random.ArrayElement(["30003", "30004", "10278"]);
        var (branch, account) = (random.Number(100, 99_999), random.Long(100_000_000, 99_999_999_999));
        var key = 97 - (89 * long.Parse(bank, CultureInfo.InvariantCulture) + 15L * branch + 3 * account) % 97;
        return string.Create(CultureInfo.InvariantCulture, $"{bank}{branch:00000}{account:00000000000}{key:00}");
    }
}
