namespace Tideline.Tools.Mutants;

/// <summary>
/// Writes a copy of the source tree with all bugs in it, each behind a guard. One build of the copy serves every bug:
/// the variable <see cref="Variable"/> selects one when a process starts.
/// </summary>
internal static class MutantTree
{
    /// <summary>
    /// The variable of the environment that names the bug; without it, the copy works as the original.
    /// </summary>
    public const string Variable = "TIDELINE_PLANTED";

    /// <summary>Why the bug that the environment names cannot be planted; null if it can, or names none.</summary>
    public static string? WhyNotPlanted() => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => null,
        var name when MutantCatalogue.All.All(mutant => mutant.Name != name) =>
            $"{Variable}: there is no planted bug '{name}'; ./tideline mutants --list names them.",
        _ when typeof(Kernel.Limits).Assembly.GetType("Tideline.Kernel.Planted") is null =>
            $"{Variable} is set, but this program has no planted bugs: start the copy that ./tideline mutants builds.",
        _ => null,
    };

    private const string Core = "src/Tideline";

    private static string Guard => $$"""
        namespace Tideline.Kernel;

        internal static class Planted
        {
            private static readonly string? Name = Environment.GetEnvironmentVariable("{{Variable}}");

            private static readonly string[] Names =
                "{{string.Join(' ', MutantCatalogue.All.Select(mutant => mutant.Name))}}".Split(' ');

            private static readonly System.Collections.Concurrent.ConcurrentDictionary<object, object> Known = new();

            // A name that nobody knows would hunt nothing.
            static Planted()
            {
                if (Name is not { Length: > 0 } || Array.IndexOf(Names, Name) >= 0) return;
                Console.Error.WriteLine($"{{Variable}}: there is no planted bug '{Name}'.");
                Environment.Exit(2);
            }

            public static bool Is(string name) => Name == name;

            // Whether a value is the first that came with its key, or the same again.
            public static bool IsFirst(object key, object value) => Known.GetOrAdd(key, value).Equals(value);
        }
        """;

    private static readonly string[] Folders = ["src", "tools"];

    private static readonly string[] Built = ["bin", "obj", "artifacts"];

    // What a build of the tools reads beside the sources, where it is there.
    private static readonly string[] Settings =
    [
        "Directory.*.props", "Directory.*.targets", "global.json", "BannedSymbols.txt", ".editorconfig", "nuget.config",
    ];

    /// <summary>Writes the copy over an earlier one, of which it keeps what was built.</summary>
    /// <param name="root">The root of the repository.</param>
    /// <param name="target">The folder of the copy.</param>
    /// <returns>The full path of that folder.</returns>
    /// <exception cref="InvalidOperationException">An edit does not fit its file: it names the bug.</exception>
    public static string Write(string root, string target)
    {
        var folder = Directory.CreateDirectory(target).FullName;
        foreach (var path in Settings.SelectMany(name => Directory.EnumerateFiles(root, name)))
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
        foreach (var name in Folders)
        {
            var copy = new DirectoryInfo(Path.Combine(folder, name));
            // A file that has left the original must leave the copy too.
            if (copy.Exists) copy.Delete(recursive: true);
            Copy(new DirectoryInfo(Path.Combine(root, name)), copy.FullName);
        }

        foreach (var file in MutantCatalogue.All.GroupBy(mutant => mutant.File))
        {
            var path = Path.Combine(folder, Core, file.Key);
            if (!File.Exists(path))
                throw new InvalidOperationException($"Mutant {file.First().Name}: there is no file {file.Key}.");
            File.WriteAllText(path, Apply(File.ReadAllText(path), file));
        }

        File.WriteAllText(Path.Combine(folder, Core, "Kernel", "Planted.cs"), Guard + "\n");
        return folder;
    }

    /// <summary>The text of a file with some bugs in it.</summary>
    /// <exception cref="InvalidOperationException">
    /// A text to find is missing, occurs twice, or overlaps another one: it names the bug.
    /// </exception>
    public static string Apply(string text, IEnumerable<Mutant> mutants)
    {
        var edits = mutants.Select(mutant => (At: PlaceOf(text, mutant), Mutant: mutant)).OrderBy(edit => edit.At);
        var (parts, done, last) = (new List<string>(), 0, "");
        foreach (var (at, mutant) in edits)
        {
            if (at < done) throw new InvalidOperationException($"Mutant {mutant.Name} overlaps mutant {last}.");
            parts.Add(text[done..at]);
            parts.Add(mutant.Replace);
            (done, last) = (at + mutant.Find.Length, mutant.Name);
        }

        parts.Add(text[done..]);
        return string.Concat(parts);
    }

    private static int PlaceOf(string text, Mutant mutant)
    {
        var at = text.IndexOf(mutant.Find, StringComparison.Ordinal);
        if (at < 0)
            throw new InvalidOperationException($"Mutant {mutant.Name}: {mutant.File} does not hold its text.");
        if (text.IndexOf(mutant.Find, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"Mutant {mutant.Name}: {mutant.File} holds its text twice.");
        return at;
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles()) file.CopyTo(Path.Combine(to, file.Name));
        foreach (var inner in from.EnumerateDirectories().Where(inner => !Built.Contains(inner.Name)))
            Copy(inner, Path.Combine(to, inner.Name));
    }
}
