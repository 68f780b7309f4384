using System.Text;
using System.Xml;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// An XML writer whose bytes reach the output only in <see cref="FlushAsync"/>. A plain writer would write a full
/// buffer synchronously, which a web server's response does not allow.
/// </summary>
internal sealed class XmlOutput : IDisposable
{
    private readonly MemoryStream _buffer = new();
    private readonly Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> _write;

    /// <summary>The caller keeps the stream.</summary>
    public XmlOutput(Stream output)
    {
        _write = output.WriteAsync;
        Xml = XmlWriter.Create(_buffer, new XmlWriterSettings
        {
            Indent = true, Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), CloseOutput = false
        });
    }

    public XmlWriter Xml { get; }

    /// <summary>Sends what was written since the last flush.</summary>
    public async Task FlushAsync(CancellationToken cancel)
    {
        Xml.Flush();
        await _write(_buffer.GetBuffer().AsMemory(0, (int)_buffer.Length), cancel);
        _buffer.SetLength(0);
    }

    public void Dispose()
    {
        Xml.Dispose();
        _buffer.Dispose();
    }
}
