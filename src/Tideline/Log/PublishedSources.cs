using System.Globalization;

namespace Tideline.Log;

/// <summary>
/// Sources as they are named outside the program, in the attribute <c>source</c> of CloudEvents 1.0: unique to the
/// installation, the shard and the installation epoch, as in <c>/tideline/7d3c…/shard-3@1</c>. The attribute
/// <c>id</c> is the number within the source, so both together name one record for ever, on every topic and in the
/// archive. Inside the program the short names of <see cref="SourceName"/> do.
/// </summary>
/// <param name="installation">The installation's id.</param>
public sealed class PublishedSources(Guid installation)
{
    private readonly string _prefix = $"/tideline/{installation}/";

    /// <summary>The published source of a source's name. A name of another form is published as it is.</summary>
    public string Of(string source) =>
        _prefix + (SourceName.Parse(source) is { } name ? Of(name) : source);

    /// <summary>The id of a record within its source.</summary>
    public static string IdOf(long sourceSeq) => sourceSeq.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name of a published source; null when it is not this installation's.</summary>
    /// <param name="published">What <see cref="Of(string)"/> gave.</param>
    /// <param name="after">The number that the source's first record follows.</param>
    public string? NameOf(string published, long after)
    {
        if (published.Length <= _prefix.Length || !published.StartsWith(_prefix, StringComparison.Ordinal)) return null;
        var text = published[_prefix.Length..];
        var at = text.LastIndexOf('@');
        return at > 0 && SourceName.Parse(text[..at]) is { Epoch: 1, After: 0 } name
            && long.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? (name with { Epoch = epoch, After = after }).ToString()
            : text;
    }

    private static string Of(SourceName name) =>
        string.Create(CultureInfo.InvariantCulture, $"{name.Producer}-{name.Shard}@{name.Epoch}");
}
