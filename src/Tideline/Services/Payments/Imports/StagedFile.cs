using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Tideline.Kernel;

namespace Tideline.Services.Payments.Imports;

/// <summary>An incoming file: on disk and flushed, but not accepted; deleted on disposal.</summary>
internal sealed class StagedFile : IDisposable
{
    private StagedFile(string path, byte[] sha256) => (Path, Sha256) = (path, sha256);

    public string Path { get; }

    public byte[] Sha256 { get; }

    /// <summary>Copies a stream, counting and hashing it on the way.</summary>
    /// <exception cref="TidelineException">InvalidInput: larger than <see
    /// cref="PaymentLimits.ImportBytes"/>.</exception>
    public static async Task<StagedFile> CreateAsync(Stream source, string path, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
            long length = 0;
            for (int read; (read = await source.ReadAsync(buffer, cancel)) > 0;)
            {
                length += read;
                if (length > PaymentLimits.ImportBytes)
                    throw new TidelineException(ErrorCode.InvalidInput, string.Create(CultureInfo.InvariantCulture,
                        $"The file is larger than {PaymentLimits.ImportBytes / 1024 / 1024} MiB; split it."));
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            }

            await file.FlushAsync(cancel);
            file.Flush(flushToDisk: true);
            return new StagedFile(path, hash.GetHashAndReset());
        }
        catch
        {
            File.Delete(path);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => File.Delete(Path);
}
