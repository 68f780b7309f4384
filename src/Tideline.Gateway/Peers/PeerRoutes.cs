using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Peers;

namespace Tideline.Gateway.Peers;

/// <summary>Routes between the processes of an installation, not part of the public reference.</summary>
internal sealed class PeerRoutes(CommandReceiver receiver)
{
    /// <summary>The header with the secret of the receiving process.</summary>
    public const string SecretHeader = "Tideline-Peer-Secret";

    public void Map(RouteTable routes) => routes.PostInternal("/internal/shards/{shard:int}/commands", AnswerAsync);

    private async Task<Problem?> AnswerAsync(HttpContext http)
    {
        // Checked before any byte of the body is read.
        if (!receiver.IsPeer(http.Request.Headers[SecretHeader])) return new Problem(
            ProblemTypes.PeerRefused, "Only processes of this installation may use this route.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = GatewayLimits.ForwardBodyBytes;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var shard = int.Parse((string)http.Request.RouteValues["shard"]!, CultureInfo.InvariantCulture);
        var answers = await receiver.AnswerAsync(shard, body.GetBuffer().AsMemory(0, (int)body.Length));
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = answers.Length;
        await http.Response.BodyWriter.WriteAsync(answers, http.RequestAborted);
        return null;
    }
}
