using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// Operator commands for saga messages that could not be handled: inspect, replay, or discard with a reason.
/// </summary>
public sealed class SagaLetters(GeneralLedger ledger, SagaDefinitions definitions)
{
    /// <summary>Waiting letters, ordered by shard and id, after a given place.</summary>
    public Task<SagaPage<SagaLetterSummary>> ListAsync(
        (int Shard, Guid Id) after, int limit, CancellationToken cancel) =>
        SagaPages.ReadAsync(ledger, SagaState.SetAside, after, limit, Summary, cancel);

    /// <summary>A waiting letter.</summary>
    /// <exception cref="TidelineException">NotFound: there is none.</exception>
    public async Task<SagaLetterSummary> ShowAsync(Guid letterId, CancellationToken cancel) =>
        Summary(await FindAsync(letterId, cancel), ShardOf(letterId));

    /// <summary>
    /// Handles the message of a letter as if it arrived now. A dry run only reports whether it can be read.
    /// </summary>
    /// <returns>Null if it was handled, else why it still cannot be; then the letter keeps waiting.</returns>
    /// <exception cref="TidelineException">NotFound: there is no such letter.</exception>
    public async Task<string?> ReplayAsync(Guid letterId, bool dryRun, CancellationToken cancel)
    {
        var letter = LetterOf(await FindAsync(letterId, cancel));
        try
        {
            var message = SagaMessages.Read(ShardOf(letterId), ledger.Map, definitions, letter.Type, letter.Data);
            if (dryRun)
                return null;
            var refusal = (
                await ledger.SubmitAsync(ShardOf(letterId), new SettleLetter(letterId, message, null))).Refusal;
            return refusal?.Reason == RefusalReason.DeadLetterNotFound ? throw NotFound(letterId) : refusal?.Detail;
        }
        catch (TidelineException fault)
            when (!fault.IsTransient && fault.Code != ErrorCode.NotFound)
        {
            return fault.Message;
        }
    }

    /// <summary>Discards a letter, with a reason that is stored.</summary>
    /// <exception cref="TidelineException">NotFound: there is no such letter. InvalidInput: no reason.</exception>
    public async Task DiscardAsync(Guid letterId, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > Limits.ReferenceCharacters)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"The reason must have 1 to {Limits.ReferenceCharacters} characters.");
        await FindAsync(letterId, cancel);
        if ((await ledger.SubmitAsync(ShardOf(letterId), new SettleLetter(letterId, null, reason))).Refusal is not null)
            throw NotFound(letterId);
    }

    private async Task<SagaRow> FindAsync(Guid letterId, CancellationToken cancel) =>
        await ledger.ReaderOf(letterId).GetSagaAsync(letterId, cancel) is { State: SagaState.SetAside } row
            ? row
            : throw NotFound(letterId);

    private int ShardOf(Guid letterId) => ledger.Map.ShardOf(letterId);

    private static TidelineException NotFound(Guid letterId) =>
        new(ErrorCode.NotFound, $"There is no dead letter {letterId}.");

    // A damaged letter does not hide the others, and can be discarded.
    private static SagaLetter LetterOf(SagaRow row)
    {
        try
        {
            return SagaJson.Read(row.Data, SagaJson.Default.SagaLetter);
        }
        catch (Exception damaged) when (damaged is JsonException or TidelineException)
        {
            return new SagaLetter(Guid.Empty, "", row.Data, $"The letter cannot be read: {damaged.Message}");
        }
    }

    private static SagaLetterSummary Summary(SagaRow row, int shard)
    {
        var letter = LetterOf(row);
        return new SagaLetterSummary(
            row.Id, shard, letter.SagaId, letter.Type, row.Attempts, Clock.FromUs(row.CreatedUs), letter.Reason,
            System.Text.Encoding.UTF8.GetString(letter.Data));
    }
}

/// <summary>
/// A waiting saga message. <paramref name="Times"/>: how often it arrived. <paramref name="Message"/>: its content, as
/// text.
/// </summary>
public sealed record SagaLetterSummary(
    Guid LetterId, int Shard, Guid SagaId, string Type, int Times, DateTimeOffset Since, string Reason, string Message);
