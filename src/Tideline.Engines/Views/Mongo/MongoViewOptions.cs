using MongoDB.Driver;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Where the views live: the connection string of a MongoDB replica set or sharded cluster (6.0 or later) and the
/// database that is theirs alone. Concerns, preferences, retries and timeouts are the engine's own, whatever the
/// connection string says of them.
/// </summary>
public sealed record MongoViewOptions(string ConnectionString, string Database)
{
    /// <summary>What may be logged: the connection string may hold a password.</summary>
    public override string ToString() => $"MongoDB database '{Database}'";

    /// <exception cref="TidelineException">InvalidInput.</exception>
    internal MongoClientSettings ToSettings()
    {
        if (Database.Length is 0 or > 63 || !Database.All(letter => char.IsAsciiLetterOrDigit(letter)
            || letter is '_' or '-') || Database is "admin" or "local" or "config")
            throw new TidelineException(ErrorCode.InvalidInput, $"'{Database}' cannot name the database of the views: "
                + $"letters, digits, _ and -, at most 63, and not admin, local or config.");
        var settings = Parse();
        // Durable means: in the journals of a majority. What is read is what no election can take back.
        settings.WriteConcern = WriteConcern.WMajority.With(
            journal: true, wTimeout: TimeSpan.FromMilliseconds(MongoLimits.MajorityMs));
        settings.ReadConcern = ReadConcern.Majority;
        settings.ReadPreference = ReadPreference.Primary;
        (settings.RetryWrites, settings.RetryReads) = (true, true);
        settings.ServerSelectionTimeout =
            settings.ConnectTimeout = settings.WaitQueueTimeout = TimeSpan.FromMilliseconds(MongoLimits.ConnectMs);
        settings.SocketTimeout = TimeSpan.FromMilliseconds(MongoLimits.SocketMs);
        settings.ApplicationName ??= "tideline";
        return settings;
    }

    private MongoClientSettings Parse()
    {
        try
        {
            return MongoClientSettings.FromConnectionString(ConnectionString);
        }
        // Its words and its cause repeat the connection string, and with it a password.
        catch (Exception fault)
            when (fault is MongoException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw new TidelineException(ErrorCode.InvalidInput,
                "The connection string of MongoDB cannot be read: mongodb://host:port,host:port/?replicaSet=name.");
        }
    }
}
