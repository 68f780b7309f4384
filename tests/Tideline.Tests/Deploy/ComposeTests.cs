using System.Text.Json.Nodes;
using MongoDB.Driver;
using StackExchange.Redis;
using Tideline.Engines.Failover;

namespace Tideline.Tests.Deploy;

/// <summary>What must hold of <c>deploy/compose.yaml</c>. No container engine is needed, and none has run it.</summary>
public sealed class ComposeTests
{
    private const string Job = "mongodb-init";
    private static readonly JsonObject File = DeployTree.Yaml("compose.yaml");
    private static readonly Dictionary<string, JsonObject> Services = File["services"]!.AsObject()
        .ToDictionary(service => service.Key, service => service.Value!.AsObject());
    private static readonly string[] Members = ["mysql", "mongodb", "kafka"];

    [Fact]
    public void It_is_the_whole_cluster_profile() =>
        Services.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(((string[])[.. Members.SelectMany(engine => Enumerable.Range(1, 3).Select(n => $"{engine}-{n}")),
                Job, "redis", "failover", "tideline-1", "tideline-2"]).Order(StringComparer.Ordinal));

    [Fact]
    public void A_service_is_asked_how_it_is_or_is_a_job() => DeployTree.Nothing(
        from service in Services
        let check = service.Value["healthcheck"]
        where service.Key == Job ? (bool?)check?["disable"] != true || Text(service.Value["restart"]) != "on-failure"
            : check?["test"] is not JsonArray { Count: > 1 } || Text(service.Value["restart"]) != "unless-stopped"
        select $"{service.Key}: {check} {service.Value["restart"]}");

    [Fact]
    public void A_service_has_limits_and_no_rights_that_it_does_not_need() => DeployTree.Nothing(
        from service in Services
        let limits = service.Value["deploy"]?["resources"]?["limits"]
        let isLimited = limits?["cpus"] is not null && limits["memory"] is not null && limits["pids"] is not null
        let isHardened = (bool?)service.Value["read_only"] == true && List(service.Value["cap_drop"]).Contains("ALL")
            && List(service.Value["security_opt"]).Contains("no-new-privileges:true")
        where !isLimited || !isHardened || Text(service.Value["user"]) is "root" or "0"
        select $"{service.Key}: {limits} {service.Value["user"]}");

    [Fact]
    public void An_image_is_pinned_and_the_same_as_the_charts()
    {
        var values = DeployTree.Yaml("helm", "tideline", "values.yaml");
        foreach (var (name, service) in Services)
        {
            DeployTree.IsPinned(Text(service["image"])).ShouldBeTrue($"{name}: {service["image"]}");
            if (values[name.Split('-')[0]]?["image"] is JsonValue ofChart)
                Text(service["image"]).ShouldBe(Text(ofChart));
        }

        Text(Services["tideline-1"]["image"]).ShouldBe(
            $"{values["image"]!["repository"]}:{DeployTree.Yaml("helm", "tideline", "Chart.yaml")["appVersion"]}");
    }

    [Fact]
    public void A_member_of_the_mysql_group_is_started_as_the_controller_requires()
    {
        foreach (var n in Enumerable.Range(1, 3))
            List(Services[$"mysql-{n}"]["command"]).ShouldBe(GroupSettings.Options);
    }

    [Fact]
    public void The_members_of_an_engine_have_a_volume_and_a_number_each()
    {
        foreach (var name in Members.SelectMany(engine => Enumerable.Range(1, 3).Select(n => $"{engine}-{n}")))
        {
            Text(Services[name]["hostname"]).ShouldBe(name);
            List(Services[name]["volumes"])[0].ShouldStartWith($"{name}:/");
            File["volumes"]!.AsObject().ContainsKey(name).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void A_file_that_is_mounted_is_there() => DeployTree.Nothing(
        from service in Services
        from mount in List(service.Value["volumes"])
        where mount.StartsWith("./", StringComparison.Ordinal)
            && !System.IO.File.Exists(Path.Combine(DeployTree.Root, mount.Split(':')[0]))
        select $"{service.Key}: {mount}");

    [Fact]
    public void A_node_runs_with_options_that_the_program_knows()
    {
        DeployTree.Nothing(from name in (string[])["tideline-1",
            "tideline-2", "failover"]
                           select DeployTree.FaultOfArguments(List(Services[name]["command"])));
        List(Services["failover"]["command"]).TakeLast(2).ShouldBe(["--roles", "failover"]);
    }

    [Fact]
    public void A_variable_of_tideline_is_one_that_the_program_reads() => DeployTree.Nothing(
        from service in Services
        from variable in service.Value["environment"]?.AsObject() ?? []
        where variable.Key.StartsWith("TIDELINE_", StringComparison.Ordinal)
            && !DeployTree.Variables.Contains(variable.Key)
        select $"{service.Key}: {variable.Key}");

    [Fact]
    public void A_node_is_asked_for_a_route_that_it_has_and_published_to_this_machine_alone()
    {
        foreach (var name in (string[])["tideline-1", "tideline-2", "failover"])
        {
            var test = List(Services[name]["healthcheck"]!["test"])[^1];
            DeployTree.Routes.ShouldContain(test.Split("GET ")[1].Split(' ')[0]);
            test.ShouldContain("/dev/tcp/127.0.0.1/7400;");
            // A node refuses a request that names no host.
            test.ShouldContain("Host: localhost");
        }

        Services.Where(service => service.Value["ports"] is not null)
            .Select(service => service.Key).ShouldBe(["tideline-1", "tideline-2"]);
        DeployTree.Nothing(from service in Services
                           from port in List(service.Value["ports"])
                           where !port.StartsWith(
            "127.0.0.1:", StringComparison.Ordinal) || !port.EndsWith(":7400", StringComparison.Ordinal)
                           select port);
        ((bool?)File["networks"]!["engines"]!["internal"]).ShouldBe(true);
    }

    [Fact]
    public void A_node_starts_after_what_it_needs()
    {
        foreach (var name in (string[])["tideline-1", "tideline-2"])
            StartsAfterWhatItNeeds(Services[name]["depends_on"]!.AsObject());
    }

    [Fact]
    public void A_node_has_a_shard_of_its_own_and_tells_the_other_where_it_is_reached()
    {
        for (var node = 1; node <= 2; node++)
        {
            var service = Services[$"tideline-{node}"];
            List(service["command"]).TakeLast(2).ShouldBe(["--own", $"{node - 1}"]);
            Text(service["environment"]!["TIDELINE_ADDRESS"]).ShouldBe($"http://tideline-{node}:7400");
            Text(service["environment"]!["TIDELINE_NAME"]).ShouldBe("tideline");
        }
    }

    private static void StartsAfterWhatItNeeds(JsonObject first)
    {
        first.Select(other => other.Key).Order(StringComparer.Ordinal)
            .ShouldBe(Services.Keys.Where(name => !name.StartsWith("tideline", StringComparison.Ordinal)
                && name is not ("mongodb-1" or "mongodb-2" or "mongodb-3")).Order(StringComparer.Ordinal));
        Text(first[Job]!["condition"]).ShouldBe("service_completed_successfully");
        first.Where(other => other.Key != Job)
            .ShouldAllBe(other => Text(other.Value!["condition"]) == "service_healthy");
    }

    [Fact]
    public void Everything_secret_is_made_by_make_secrets_and_addresses_the_services()
    {
        using var secrets = MadeSecrets.Make();
        var read = File["secrets"]!.AsObject().Select(secret => Text(secret.Value!["file"]))
            .Concat(Services.Values.SelectMany(service => List(service["env_file"]))).Distinct();
        read.Order(StringComparer.Ordinal)
            .ShouldBe(secrets.Names.Select(name => $"secrets/{name}").Order(StringComparer.Ordinal));
        foreach (var (name, service) in Services)
            foreach (var secret in service["secrets"]?.AsArray() ?? [])
                Text(secret!["target"]).ShouldBe($"/run/secrets/tideline/{secret["source"]}", name);

        var (nodes, failover) = (secrets.Variables("nodes.env"), secrets.Variables("failover.env"));
        nodes.Keys.Concat(failover.Keys).Concat(Services["tideline-1"]["environment"]!.AsObject()
            .Select(variable => variable.Key)).ShouldBeSubsetOf(DeployTree.Variables);
        string[] mysql = ["mysql-1:3306", "mysql-2:3306", "mysql-3:3306"];
        GroupAddress.Parse(nodes["TIDELINE_MYSQL"]).Members.Select(member => member.Name).ShouldBe(mysql);
        GroupAddress.Parse(failover["TIDELINE_MYSQL"]).Members.Select(member => member.Name).ShouldBe(mysql);
        new MongoUrl(nodes["TIDELINE_MONGODB"])
            .Servers.Select(server => $"{server}").ShouldBe(["mongodb-1:27017", "mongodb-2:27017", "mongodb-3:27017"]);
        Text(Services[Job]["environment"]!["MEMBERS"])
            .ShouldBe(string.Join(',', new MongoUrl(nodes["TIDELINE_MONGODB"]).Servers));
        var redis = ConfigurationOptions.Parse(nodes["TIDELINE_REDIS"]);
        $"{redis.EndPoints.ShouldHaveSingleItem()}".ShouldContain("redis:6379");
        redis.Password.ShouldBe(secrets.Text("redis-password"));
        Text(Services["tideline-1"]["environment"]!["TIDELINE_KAFKA"])
            .ShouldBe("kafka-1:9092,kafka-2:9092,kafka-3:9092");
        Text(Services["kafka-1"]["environment"]!["VOTERS"]).ShouldBe("1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093");
    }

    private static string Text(JsonNode? node) => $"{node}";

    private static List<string> List(JsonNode? node) => [.. node?.AsArray().Select(Text) ?? []];
}
