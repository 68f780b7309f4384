namespace Tideline.Engines.Tests.Log;

/// <summary>Three brokers that the tests of a class share, one after the other: each finds all of them up.</summary>
public sealed class KafkaCluster : IAsyncLifetime
{
    private KafkaBrokers? _brokers;

    internal KafkaBrokers Brokers => _brokers!;

    public async ValueTask InitializeAsync() => _brokers = await KafkaBrokers.StartAsync(3);

    public async ValueTask DisposeAsync()
    {
        if (_brokers is not null) await _brokers.DisposeAsync();
    }
}
