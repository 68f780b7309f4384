using System.Collections.Concurrent;

namespace Tideline.Kernel;

/// <summary>
/// The numbers of one kind that this program knows: the core's own and those that services register. They are the same
/// in every installation, so each process has one list.
/// </summary>
/// <param name="what">What has the numbers, capitalised.</param>
/// <param name="firstOfServices">The lowest number that a service may use.</param>
/// <param name="ofTheCore">The core's own.</param>
internal sealed class NumberedNames<T>(string what, int firstOfServices, IReadOnlyList<T> ofTheCore)
    where T : NumberedName
{
    private readonly ConcurrentDictionary<int, T> _byNumber = new(
        ofTheCore.Select(one => KeyValuePair.Create(one.Number, one)));

    private readonly ConcurrentDictionary<string, T> _byName = new(
        ofTheCore.Select(one => KeyValuePair.Create(one.Name, one)), StringComparer.Ordinal);

    /// <summary>All, in the order of their numbers.</summary>
    public IReadOnlyList<T> All => [.. _byNumber.Values.OrderBy(one => one.Number)];

    /// <summary>Refuses one of a service that cannot be registered.</summary>
    /// <exception cref="TidelineException">InvalidInput: the number or the name belongs to another one.</exception>
    public void Require(T one)
    {
        if (one.Number < firstOfServices)
            throw new TidelineException(ErrorCode.InvalidInput,
                $"{what} {one.Name} has number {one.Number}; numbers of services begin at {firstOfServices}.");
        if (Find(one.Number) is { } held && !held.Equals(one))
            throw new TidelineException(ErrorCode.InvalidInput,
                $"{what} number {one.Number} is {held.Name}; {one.Name} needs another one.");
        if (Find(one.Name) is { } named && !named.Equals(one))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{what} {one.Name} is registered twice, with two numbers.");
    }

    /// <summary>Registers one of a service. Registering the same again has no effect.</summary>
    /// <exception cref="TidelineException">As <see cref="Require"/>.</exception>
    public void Register(T one)
    {
        lock (_byNumber)
        {
            Require(one);
            (_byNumber[one.Number], _byName[one.Name]) = (one, one);
        }
    }

    /// <summary>The one with this number; null if this program does not know it.</summary>
    public T? Find(int number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The one with this name; null if this program does not know it.</summary>
    public T? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The one with this number.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know it.</exception>
    public T Of(int number) => Find(number) ?? throw new TidelineException(
        ErrorCode.IncompatibleData, $"{what} number {number} belongs to no service of this program.");
}
