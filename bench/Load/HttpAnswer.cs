using System.Text;

namespace Tideline.Bench.Load;

/// <summary>An HTTP response, as far as load and drills care.</summary>
internal sealed record HttpAnswer(int Status, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}
