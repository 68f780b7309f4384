using System.Security.Cryptography;
using MySqlConnector;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The secret with which this installation seals its records on the bus. It is made with the database of shard 0 and
/// never leaves it.
/// </summary>
internal static class LogSecret
{
    private const int Bytes = 32;

    /// <summary>Reads the secret; the first process makes it.</summary>
    /// <exception cref="MySqlException">The server does not answer or refuses.</exception>
    public static byte[] Of(MySqlConnection connection)
    {
        using var make = new MySqlCommand(
            $"{MySqlTables.LogSecret}; "
            + "INSERT IGNORE INTO log_secret (id, secret) VALUES (0, @secret); SELECT secret FROM log_secret",
            connection);
        make.Parameters.AddWithValue("@secret", RandomNumberGenerator.GetBytes(Bytes));
        return (byte[])make.ExecuteScalar()!;
    }
}
