using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>A consistent copy of the running installation.</summary>
internal sealed class BackupRoutes(GatewayParts parts)
{
    private static readonly BodyShape Target = new(
        new BodyField("directory", "an absolute path on the node's machine; a folder that does not exist yet, or is "
            + "empty.", "/backups/monday", Required: true));

    public void Map(RouteTable routes) => routes.Post("/v1/ops/backup", new RouteNotes(
        "Copies the running installation, consistently, into a folder on the node's machine.",
        """{"directory":"/backups/monday","installation":"0197a1b2-0000-7000-8000-0000000000f1","epoch":1,"at":"2026-01-31T12:00:00+00:00","shards":1,"files":3,"bytes":1048576}""")
    {
        Status = 201, Body = Target,
    }, WriteAsync);

    private async Task<Problem?> WriteAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, Target);
        var directory = fields.Text("directory", GatewayLimits.PathCharacters);
        if (fields.Problem is { } bad) return bad;
        if (!Path.IsPathFullyQualified(directory))
            return new Problem(ProblemTypes.InvalidField, "'directory' must be an absolute path.", "directory");
        if (parts.Backup is not { } backup)
        {
            return Problem.Of(new TidelineException(
                ErrorCode.InvalidInput, "In the cluster profile, back up with the engines' own tools: "
                    + "docs/operating/backup.md says in which order."));
        }

        var made = await backup(directory, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status201Created, (directory, made), static (json, answer) =>
        {
            json.WriteString("directory"u8, Path.GetFullPath(answer.directory));
            json.WriteString("installation"u8, answer.made.Installation);
            json.WriteNumber("epoch"u8, answer.made.Epoch);
            json.WriteString("at"u8, answer.made.At);
            json.WriteNumber("shards"u8, answer.made.Heads.Count);
            json.WriteNumber("files"u8, answer.made.Files.Count);
            json.WriteNumber("bytes"u8, answer.made.Files.Sum(file => file.Bytes));
        });
        return null;
    }
}
