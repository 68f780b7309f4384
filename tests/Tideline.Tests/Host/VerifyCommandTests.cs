using System.Text.Json;
using Tideline.Host.Commands;

namespace Tideline.Tests.Host;

/// <summary>What <c>verify</c> says while it takes long.</summary>
public sealed class VerifyCommandTests
{
    [Theory]
    [InlineData("""{"check":"I9 x","shard":2,"done":29986,"total":44743}""",
        "Checking I9 x; shard 2: 29,986 of 44,743.")]
    [InlineData("""{"check":"I13 x","shard":0,"done":1200,"total":null}""", "Checking I13 x; shard 0: 1,200.")]
    [InlineData("""{"check":"I2 x","shard":1,"done":0,"total":null}""", "Checking I2 x; shard 1.")]
    [InlineData("""{"check":"I12 x","shard":null,"done":0,"total":null}""", "Checking I12 x.")]
    public void Where_a_check_is_becomes_a_sentence(string item, string sentence) =>
        VerifyCommand.Sentence(JsonDocument.Parse(item).RootElement).ShouldBe(sentence);
}
