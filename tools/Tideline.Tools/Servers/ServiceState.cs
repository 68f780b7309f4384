using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>What a folder knows of one service.</summary>
public sealed record ServiceState(string Service, ServiceCondition Condition)
{
    /// <summary>Name and version as the server gave them.</summary>
    public string? Version { get; init; }

    /// <summary>What a driver takes to connect.</summary>
    public string? Address { get; init; }

    /// <summary>Its ports on loopback, that of the clients first; the next start takes them again.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    public ProcessIdentity? Process { get; init; }

    /// <summary>Where its data and its log are.</summary>
    public string? Folder { get; init; }

    /// <summary>Why it is not up.</summary>
    public string? Reason { get; init; }
}

/// <summary>JSON of the state file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<ServiceState>))]
internal sealed partial class ServiceJson : JsonSerializerContext;
