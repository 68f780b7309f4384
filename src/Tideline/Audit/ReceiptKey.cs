#pragma warning disable CA2000 // The key lives as long as what holds it; Dispose ends it.
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Tideline.Audit;

/// <summary>The key with which an installation signs receipts: ECDSA with P-256.</summary>
internal sealed class ReceiptKey : IDisposable
{
    private const int IdDigits = 32;
    private readonly ECDsa _key;

    private ReceiptKey(ECDsa key) => (_key, Id) = (key, IdOf(key));

    /// <summary>Names the key: <see cref="ReceiptSignature.KeyId"/>.</summary>
    public string Id { get; }

    /// <summary>A new private key.</summary>
    public static ReceiptKey Make() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>A private key from its PKCS#8 bytes.</summary>
    /// <exception cref="CryptographicException">They are none.</exception>
    public static ReceiptKey Read(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return new ReceiptKey(key);
    }

    /// <summary>A public key from its PEM text.</summary>
    /// <exception cref="Exception">CryptographicException, ArgumentException: it is none.</exception>
    public static ReceiptKey ReadPublic(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new ReceiptKey(key);
    }

    /// <summary>The private key, PKCS#8.</summary>
    public byte[] ToPkcs8() => _key.ExportPkcs8PrivateKey();

    /// <summary>The public key as PEM text.</summary>
    public string ToPublicPem() => _key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>Signs bytes.</summary>
    public ReceiptSignature Sign(byte[] bytes) => new(ReceiptSignature.Es256, Id, Base64Url.EncodeToString(
        _key.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)));

    /// <summary>Whether this key signed these bytes.</summary>
    public bool HasSigned(byte[] bytes, string signature)
    {
        if (!Base64Url.IsValid(signature)) return false;
        var said = Base64Url.DecodeFromChars(signature);
        // The last character has bits that decode to nothing.
        return Base64Url.EncodeToString(said) == signature && _key.VerifyData(
            bytes, said, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string IdOf(ECDsa key) =>
        Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..IdDigits];
}
