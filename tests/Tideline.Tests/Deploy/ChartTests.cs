using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tideline.Engines.Failover;
using Tideline.Tests.Tidy;

namespace Tideline.Tests.Deploy;

/// <summary>What must hold of the Helm chart. Helm is not needed; what only it can tell is not told here.</summary>
public sealed partial class ChartTests
{
    private static readonly JsonObject Values = DeployTree.Yaml("helm", "tideline", "values.yaml");
    private static readonly JsonSchema Schema = new(
        JsonNode.Parse(DeployTree.Text("helm", "tideline", "values.schema.json"))!.AsObject());

    [Fact]
    public void The_chart_names_itself()
    {
        var chart = DeployTree.Yaml("helm", "tideline", "Chart.yaml");
        $"{chart["apiVersion"]}".ShouldBe("v2");
        $"{chart["name"]}".ShouldBe("tideline");
        foreach (var version in (string[])["version", "appVersion"])
            $"{chart[version]}".ShouldMatch(@"^\d+\.\d+\.\d+$");
        File.ReadAllText(Path.Combine(SourceTree.Root, "Directory.Build.props"))
            .ShouldContain($"<Version>{chart["appVersion"]}</Version>");
    }

    [Fact]
    public void The_values_fit_their_schema() => DeployTree.Nothing(Schema.Faults(Values));

    [Theory]
    [InlineData("nodes.replicas", "65")]
    [InlineData("nodes.replicas", "\"two\"")]
    [InlineData("nodes.replica", "2")]
    [InlineData("mysql.image", "\"mysql:latest\"")]
    [InlineData("mysql.image", "\"mysql\"")]
    [InlineData("image.tag", "\"latest\"")]
    [InlineData("nodes.hosts", "[\"http://bank.example\"]")]
    [InlineData("redis.resources", "{\"requests\": {\"cpu\": \"1\"}}")]
    [InlineData("kafka.clusterId", "\"short\"")]
    [InlineData("networkPolicy.clients", "{}")]
    [InlineData("name", "\"With Capitals\"")]
    public void A_value_that_cannot_work_breaks_the_schema(string path, string value)
    {
        var values = Values.DeepClone().AsObject();
        var parts = path.Split('.');
        var at = parts.SkipLast(1).Aggregate(values, (node, part) => node[part]!.AsObject());
        at[parts[^1]] = JsonNode.Parse(value);
        Schema.Faults(values).ShouldNotBeEmpty();
    }

    [Fact]
    public void A_template_closes_what_it_opens() =>
        DeployTree.Nothing(ChartTemplate.All.Select(template => template.Fault()));

    [Theory]
    [InlineData("{{- if .Values.a }} x")]
    [InlineData("x {{ end }}")]
    [InlineData("{{ else }}")]
    [InlineData("{{ .Values.a }")]
    [InlineData("{{ include (\"a\" . }}")]
    [InlineData("{{ printf \"a }}")]
    public void A_template_that_does_not_would_be_found(string text) =>
        ChartTemplate.Of(text).Fault().ShouldNotBeNull();

    [Fact]
    public void A_value_that_a_template_reads_is_there_and_one_that_is_there_is_read()
    {
        var read = ChartTemplate.All.SelectMany(template => template.Values).Distinct().ToArray();
        DeployTree.Nothing(read.Where(path => path.Split('.').Aggregate((JsonNode?)Values, (node, part) =>
            node is JsonObject fields && fields.TryGetPropertyValue(part, out var value) ? value : null) is null));
        DeployTree.Nothing(Leaves(Values, "")
            .Where(leaf => !read.Any(path => leaf == path || leaf.StartsWith($"{path}.", StringComparison.Ordinal))));
    }

    [Fact]
    public void What_is_included_is_defined_and_what_is_defined_is_included() =>
        ChartTemplate.All.SelectMany(template => template.Includes).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(ChartTemplate.All.SelectMany(template => template.Defines).Order(StringComparer.Ordinal));

    [Fact]
    public void A_member_of_the_mysql_group_is_started_as_the_controller_requires()
    {
        var arguments = Of("mysql.yaml").Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("- --", StringComparison.Ordinal)).Select(line => line[2..]).ToArray();
        arguments.Take(GroupSettings.Options.Count).ShouldBe(GroupSettings.Options);
        arguments.Skip(GroupSettings.Options.Count)
            .ShouldHaveSingleItem().ShouldStartWith("--innodb-buffer-pool-size=");
    }

    [Fact]
    public void A_node_runs_with_options_that_the_program_knows()
    {
        foreach (var template in (string[])["nodes.yaml", "failover.yaml"])
            DeployTree.FaultOfArguments(Arguments().Match(Of(template)).Groups[1].Value.Split(", "))
                .ShouldBeNull(template);
        Of("failover.yaml").ShouldContain("--roles, failover]");
    }

    [Fact]
    public void A_variable_of_tideline_is_one_that_the_program_reads_and_nodes_are_told_every_engine()
    {
        EachIsKnown(Variable(), 0, DeployTree.Variables);
        foreach (var engine in (string[])["TIDELINE_MYSQL", "TIDELINE_MONGODB", "TIDELINE_REDIS"])
            Of("nodes.yaml").ShouldContain($"- name: {engine}\n");
        Of("config.yaml").ShouldContain("TIDELINE_KAFKA: ");
        Of("config.yaml").ShouldContain("TIDELINE_HOSTS: {{ include \"tideline.hosts\" . | quote }}\n");
    }

    [Fact]
    public void Nodes_reach_each_other_are_updated_one_by_one_and_drained_one_at_a_time()
    {
        foreach (var needed in (string[])["TIDELINE_ADDRESS\n              value: http://$(POD_NAME).{{ $fullname "
            + "}}-nodes:7400\n", "type: RollingUpdate", "include \"tideline.disruption\" $here",
            "include \"tideline.headless\""]) Of("nodes.yaml").ShouldContain(needed);
        var nodes = Of("networkpolicy.yaml").Split("$engines")[0];
        Regex.Count(nodes, @"\(dict ""root"" \$ ""component"" ""nodes""\) \| nindent 14 \}\}")
            .ShouldBe(1, "a node lets another one in");
    }

    [Fact]
    public void A_probe_asks_for_a_route_that_a_node_has()
    {
        EachIsKnown(Probe(), 1, DeployTree.Routes);
        foreach (var probe in (string[])["startupProbe:\n            httpGet: { path: /health/live",
            "readinessProbe:\n            httpGet: { path: /health/ready",
            "livenessProbe:\n            httpGet: { path: /health/live"])
            Of("nodes.yaml").ShouldContain(probe);
    }

    [Theory]
    [InlineData("mysql.yaml")]
    [InlineData("mongodb.yaml")]
    [InlineData("kafka.yaml")]
    [InlineData("redis.yaml")]
    [InlineData("nodes.yaml")]
    [InlineData("failover.yaml")]
    public void A_container_has_probes_limits_and_no_rights_that_it_does_not_need(string template)
    {
        var text = Of(template);
        foreach (var needed in (string[])["startupProbe:", "readinessProbe:", "livenessProbe:",
            "resources:\n            {{- toYaml", "include \"tideline.container\"", "include \"tideline.pod\""])
            text.ShouldContain(needed);
        if (template is "mysql.yaml" or "mongodb.yaml" or "kafka.yaml") text.ShouldContain("replicas: 3\n");
        foreach (var hardened in (string[])["runAsNonRoot: true", "readOnlyRootFilesystem: true",
            "allowPrivilegeEscalation: false", "drop: [ALL]", "automountServiceAccountToken: false"])
            Of("_helpers.tpl").ShouldContain(hardened);
    }

    [Fact]
    public void A_key_of_the_secret_is_made_or_named_in_the_values()
    {
        var comment = DeployTree.Text("helm", "tideline", "values.yaml");
        DeployTree.Nothing(
            from template in ChartTemplate.All
            from Match list in Keys().Matches(template.Text)
            from Match key in Key().Matches(list.Value)
            where !Regex.IsMatch(comment, $@"[ :]{Regex.Escape(key.Groups[1].Value)}[ ,.:]")
            select $"{template.Name}: {key.Groups[1].Value}");
    }

    [Fact]
    public void A_file_that_a_container_starts_is_in_the_chart() => DeployTree.Nothing(
        from template in ChartTemplate.All
        from Match named in StartFile().Matches(template.Text)
        where !File.Exists(Path.Combine(DeployTree.Chart, "files", named.Groups[1].Value))
        select $"{template.Name}: {named.Value}");

    private static string Of(string template) => ChartTemplate.All.Single(one => one.Name == template).Text;

    private static IEnumerable<string> Leaves(JsonNode? node, string path) => node is JsonObject { Count: > 0 } fields
        ? fields.SelectMany(field => Leaves(field.Value, path.Length == 0 ? field.Key : $"{path}.{field.Key}"))
        : [path];

    private static void EachIsKnown(Regex words, int part, IReadOnlySet<string> known) => DeployTree.Nothing(
        from template in ChartTemplate.All
        from Match word in words.Matches(template.Text)
        where !known.Contains(word.Groups[part].Value)
        select $"{template.Name}: {word.Value}");

    [GeneratedRegex(@"TIDELINE_[A-Z]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"httpGet: \{ path: (\S+),")]
    private static partial Regex Probe();

    [GeneratedRegex(@"args: \[(up,.*)\]")]
    private static partial Regex Arguments();

    [GeneratedRegex(@"""keys"" \(list [^)]*\)|secretKeyRef: \{[^\n]*")]
    private static partial Regex Keys();

    [GeneratedRegex(@"(?:key: |"")((?!keys"")[a-z][a-z.-]+)")]
    private static partial Regex Key();

    [GeneratedRegex(@"/start/([a-z.-]+)")]
    private static partial Regex StartFile();
}
