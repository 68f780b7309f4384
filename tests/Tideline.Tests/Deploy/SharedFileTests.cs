using System.Text.RegularExpressions;
using Tideline.Tests.Tidy;
using Tideline.Tools.Drills.Failover;

namespace Tideline.Tests.Deploy;

/// <summary>What Compose and the chart share: the image, the secrets, and what starts the engines.</summary>
public sealed partial class SharedFileTests
{
    private const string Node = "7400";
    private static readonly string[] Dockerfile = File.ReadAllLines(Path.Combine(DeployTree.Root, "Dockerfile"));
    private static readonly string[] Started = ["mysql", "mongodb", "kafka", "redis"];

    [Fact]
    public void The_image_is_pinned_and_runs_as_nobody_special()
    {
        Words("FROM").ShouldAllBe(words => DeployTree.IsPinned(words.Split(' ', StringSplitOptions.None)[0]));
        Words("USER").ShouldBe(["$APP_UID"]);
        Words("EXPOSE").ShouldBe([Node]);
        Words("ENTRYPOINT").ShouldBe(["[\"/opt/tideline/Tideline.Host\"]"]);
        Words("CMD").ShouldBe(["[\"up\"]"]);
    }

    [Fact]
    public void The_image_says_by_variables_that_the_program_reads_where_it_listens_and_what_it_writes()
    {
        var set = Words("ENV").SelectMany(words => words.Split(' '))
            .Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        set.Keys.Where(name => name.StartsWith("TIDELINE_", StringComparison.Ordinal))
            .ShouldBeSubsetOf(DeployTree.Variables);
        set["TIDELINE_LISTEN"].ShouldBe("0.0.0.0");
        set["TIDELINE_PORT"].ShouldBe(Node);
        Words("VOLUME").ShouldBe([set["TIDELINE_DATA"]]);
    }

    [Fact]
    public void What_the_image_is_built_from_is_in_its_context()
    {
        var kept = File.ReadAllLines(Path.Combine(SourceTree.Root, ".dockerignore"))
            .Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        kept.ShouldAllBe(name => Path.Exists(Path.Combine(SourceTree.Root, name)));
        string[] needed = ["src",
            "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig", "global.json"];
        kept.Order(StringComparer.Ordinal).ShouldBe(needed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_password_stands_in_a_file() => DeployTree.Nothing(
        from path in Directory.EnumerateFiles(DeployTree.Root, "*", SearchOption.AllDirectories)
        where !Path.GetRelativePath(DeployTree.Root, path).StartsWith("secrets", StringComparison.Ordinal)
        from Match password in Password().Matches(File.ReadAllText(path))
        select $"{Path.GetFileName(path)}: {password.Value}");

    [Fact]
    public void A_password_would_be_found()
    {
        foreach (var text in (string[])["User ID=root;Password=geheim", "mongodb://me:geheim@host",
            "redis:6379,password=geheim", "MYSQL_ROOT_PASSWORD: geheim", "requirepass geheim"])
            Password().IsMatch(text).ShouldBeTrue(text);
    }

    [Fact]
    public void Secrets_are_not_made_twice()
    {
        using var secrets = MadeSecrets.Make();
        var first = secrets.Text("mysql-password");
        secrets.Run().ShouldBe(1);
        secrets.Text("mysql-password").ShouldBe(first);
        secrets.Names.Where(name => !name.EndsWith(".env", StringComparison.Ordinal))
            .Select(secrets.Text).ShouldBeUnique();
    }

    [Fact]
    public void An_engine_is_started_by_a_script_that_its_shell_can_read()
    {
        foreach (var engine in Started)
            Run("bash", "-n", Path.Combine(DeployTree.Chart, "files", $"{engine}-start.sh"));
    }

    [Fact]
    public void A_secret_that_an_engine_reads_is_made()
    {
        using var secrets = MadeSecrets.Make();
        var read = Directory.EnumerateFiles(Path.Combine(DeployTree.Chart, "files")).SelectMany(path => ReadSecret()
            .Matches(File.ReadAllText(path))).Select(match => match.Groups[1].Value).Distinct().ToArray();
        read.Order(StringComparer.Ordinal).ShouldBe(secrets.Names.Where(
            name => !name.EndsWith(".env", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Kafka_loses_a_broker_as_quickly_as_in_the_drill()
    {
        var settings = KafkaSettings();
        foreach (var (name, value) in KafkaGroup.Settings) settings[name].ShouldBe(value, name);
    }

    [Fact]
    public void Kafka_keeps_what_it_acknowledged()
    {
        var settings = KafkaSettings();
        foreach (var copies in (string[])["default.replication.factor", "offsets.topic.replication.factor",
            "transaction.state.log.replication.factor", "share.coordinator.state.topic.replication.factor"])
            settings[copies].ShouldBe("3", copies);
        foreach (var inSync in (string[])["min.insync.replicas", "transaction.state.log.min.isr",
            "share.coordinator.state.topic.min.isr"]) settings[inSync].ShouldBe("2", inSync);
        settings["unclean.leader.election.enable"].ShouldBe("false");
        settings["process.roles"].ShouldBe("broker,controller");
    }

    private static Dictionary<string, string> KafkaSettings() =>
        File.ReadAllLines(Path.Combine(DeployTree.Chart, "files", "kafka.properties")).Where(line => line.Contains('='))
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd().ShouldBeEmpty();
        process.WaitForExit();
    }

    private static IEnumerable<string> Words(string instruction) => Dockerfile.Where(line =>
        line.StartsWith($"{instruction} ", StringComparison.Ordinal)).Select(line => line[(instruction.Length + 1)..]);

    // What is left in place of a password: a variable, a value of the chart, or nothing.
    [GeneratedRegex(@"(?i)\bpassword=(?![$'""{])\w|://[^\s/:@]+:(?![$]).[^\s/@]*@|"
        + @"_PASSWORD[:=] *(?![$""{])\w|requirepass (?!""%s)\w")]
    private static partial Regex Password();

    [GeneratedRegex(@"(?:\bsecret(?: |\("")|/run/secrets/tideline/)((?:mysql|mongodb|redis)-[a-z-]+)")]
    private static partial Regex ReadSecret();
}
