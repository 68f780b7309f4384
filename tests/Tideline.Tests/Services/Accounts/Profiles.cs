using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;

namespace Tideline.Tests.Services.Accounts;

/// <summary>Names of customers in documents.</summary>
internal static class Profiles
{
    /// <summary>The document as if somebody had written another name into it.</summary>
    public static CustomerDocument Named(this CustomerDocument document, string name) =>
        document.WithProfile(new CustomerProfile(name, "ada@example.com", "DE").ToPart(document.CustomerId).Data);

    public static string? NameOf(CustomerDocument document) => document.ReadProfile()?.Name;
}
