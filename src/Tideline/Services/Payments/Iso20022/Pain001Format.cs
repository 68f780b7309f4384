using System.Collections.Frozen;
using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>A kind of credit transfer initiation, by its namespace.</summary>
/// <param name="Namespace">The namespace of the file.</param>
/// <param name="Name">Its name in reports, as in <c>pain.001.001.09</c>.</param>
/// <param name="Version">The version of pain.001.001 that it is, or that it restricts.</param>
/// <param name="Dialect">"" for the plain standard, "ch", "de2" or "de3" for a national one.</param>
internal sealed record Pain001Format(string Namespace, string Name, int Version, string Dialect)
{
    /// <summary>The oldest and newest supported version.</summary>
    public const int FirstVersion = 3, LastVersion = 12;

    private const string Prefix = "urn:iso:std:iso:20022:tech:xsd:";

    private static readonly FrozenDictionary<string, Pain001Format> All = Enumerable
        .Range(FirstVersion, LastVersion - FirstVersion + 1)
        .Select(version => string.Create(CultureInfo.InvariantCulture, $"pain.001.001.{version:00}"))
        .Select((name, index) => new Pain001Format(Prefix + name, name, FirstVersion + index, ""))
        .Append(new Pain001Format(
            "http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd", "pain.001.001.03.ch.02",
            FirstVersion, "ch"))
        .Append(new Pain001Format(Prefix + "pain.001.002.03", "pain.001.002.03", FirstVersion, "de2"))
        .Append(new Pain001Format(Prefix + "pain.001.003.03", "pain.001.003.03", FirstVersion, "de3"))
        .ToFrozenDictionary(format => format.Namespace, StringComparer.Ordinal);

    /// <summary>All supported formats.</summary>
    public static IEnumerable<Pain001Format> Known => All.Values;

    /// <summary>
    /// The version of pain.002.001 for its status report. Versions .03 to .08 have a report of the same number; .09 to
    /// .11 were published with the next one, .12 with .14.
    /// </summary>
    public int ReportVersion => Version switch
    {
        <= 8 => Version,
        <= 11 => Version + 1,
        _ => 14,
    };

    /// <summary>The format of a namespace; null if it is not supported.</summary>
    public static Pain001Format? Find(string space) => All.GetValueOrDefault(space);

    /// <summary>The format with a name from an earlier lookup.</summary>
    public static Pain001Format Named(string name) => Known.First(format => format.Name == name);
}
