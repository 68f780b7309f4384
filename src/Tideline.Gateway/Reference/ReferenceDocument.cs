using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Reference;

/// <summary>
/// Writes the OpenAPI document from the routes and from the shapes that the parser uses, so that document and parser
/// cannot diverge.
/// </summary>
internal sealed class ReferenceDocument(RouteCatalog catalog) : IOpenApiDocumentTransformer
{
    private const string ProblemName = "Problem";

    public Task TransformAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Tideline", Version = "v1",
            Description = "Money that moves exactly once. Amounts are decimal strings with a currency, times are RFC "
                + "3339, ids are UUIDs. Errors are RFC 9457 problem documents with a stable type.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas = new Dictionary<string, IOpenApiSchema> { [ProblemName] = ProblemSchema() };
        document.Paths = [];
        foreach (var path in catalog.Routes.GroupBy(route => route.Path))
            document.Paths[path.Key] = new OpenApiPathItem
            {
                Operations = path.ToDictionary(
                    route => new HttpMethod(route.Method), route => Operation(route, document))
            };
        return Task.CompletedTask;
    }

    private static OpenApiOperation Operation(MappedRoute route, OpenApiDocument document)
    {
        var notes = route.Notes;
        var operation = new OpenApiOperation
        {
            Summary = notes.Summary, Tags = new HashSet<OpenApiTagReference> { new(TagOf(route.Path), document) },
            Parameters = [.. Parameters(route)]
        };
        if (notes.BodyType is not null || notes.Body is not null) operation.RequestBody = Body(notes);
        operation.Responses = new OpenApiResponses
        {
            [notes.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = notes.Summary, Content = Answer(notes),
            },
            ["default"] = new OpenApiResponse
            {
                Description = "A problem.", Content = Content("application/problem+json",
                    new OpenApiMediaType { Schema = new OpenApiSchemaReference(ProblemName, document) }),
            },
        };
        return operation;
    }

    private static IEnumerable<IOpenApiParameter> Parameters(MappedRoute route)
    {
        if (route.Path.Contains("{id}", StringComparison.Ordinal)) yield return Parameter(
            "id", ParameterLocation.Path, "A UUID.", "0197a1b2-0000-7000-8000-00000000000a", required: true);
        foreach (var field in route.Notes.Query?.Fields ?? []) yield return Parameter(
            field.Name, ParameterLocation.Query, field.Description, field.Example, field.Required);
        if (route.Notes.IsCommand) yield return Parameter("Idempotency-Key", ParameterLocation.Header, "A text of your "
            + "choice, new for every new request; the same key returns the same answer.", "3f1c9f0e-1", required: true);
        if (!route.Notes.IsRead) yield break;
        yield return Parameter("Tideline-Consistency", ParameterLocation.Header,
            "How fresh the answer must be: eventual, bounded=MS, session or strong.", "session");
        yield return Parameter("Tideline-Token",
            ParameterLocation.Header, "For session: the token of the command whose effect must be seen.", "MDoxMjM");
    }

    private static OpenApiParameter Parameter(
        string name, ParameterLocation place, string description, string example, bool required = false) => new()
        {
            Name = name, In = place, Required = required, Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String }, Example = JsonValue.Create(example),
        };

    private static OpenApiRequestBody Body(RouteNotes notes)
    {
        var media = new OpenApiMediaType();
        if (notes.Body is { } shape)
        {
            media.Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.Object, AdditionalPropertiesAllowed = false,
                Properties = shape.Fields.ToDictionary(field => field.Name, IOpenApiSchema (field) => new OpenApiSchema
                {
                    Type = field.IsFlag
                        ? JsonSchemaType.Boolean
                        : JsonSchemaType.String, Description = field.Description,
                }),
                Required = shape.Fields.Where(field => field.Required).Select(field => field.Name).ToHashSet(),
            };
            media.Example = new JsonObject(shape.Fields.Where(field => field.Required)
                .Select(field => KeyValuePair.Create(field.Name, (JsonNode?)JsonValue.Create(field.Example))));
        }

        var isRequired = notes.Body is not { } fields || fields.Fields.Any(field => field.Required);
        return new OpenApiRequestBody
        {
            Required = isRequired,
            Content = Content(notes.BodyType ?? MediaTypes.Json, media)
        };
    }

    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object, Description = "RFC 9457 problem details.",
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. ProblemTypes.All.Select(type => (JsonNode)JsonValue.Create(type.Uri))]
            },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What is wrong, what to do." },
            ["field"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The field concerned." },
        },
    };

    private static Dictionary<string, OpenApiMediaType> Answer(RouteNotes notes)
    {
        var content = Content(notes.AnswerType, new OpenApiMediaType { Example = Example(notes.Answer) });
        if (notes.OffersXml) content[MediaTypes.Xml] = new OpenApiMediaType();
        return content;
    }

    private static Dictionary<string, OpenApiMediaType> Content(string type, OpenApiMediaType media) =>
        new() { [type] = media };

    private static JsonNode? Example(string text) => text.StartsWith('{')
        ? JsonNode.Parse(text)
        : JsonValue.Create(text);

    private static string TagOf(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts[0] != "v1" ? "probes" : parts[1];
    }
}
