using System.Globalization;
using System.Text;

namespace Tideline.Gateway.Metrics;

/// <summary>Writes the Prometheus text format 0.0.4.</summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder _text = new(8192);

    /// <summary>Begins a family.</summary>
    public PrometheusText Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name)
            .Append(' ').Append(help).Append('\n').Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>Adds one sample; <paramref name="labels"/> alternates names and values.</summary>
    public PrometheusText Sample(string name, double value, params ReadOnlySpan<string> labels)
    {
        _text.Append(name);
        for (var index = 0; index < labels.Length; index += 2)
            _text.Append(index == 0 ? '{' : ',')
                .Append(labels[index]).Append("=\"").Append(Escape(labels[index + 1])).Append('"');
        if (labels.Length > 0) _text.Append('}');
        var text = double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
        _text.Append(' ').Append(text).Append('\n');
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
