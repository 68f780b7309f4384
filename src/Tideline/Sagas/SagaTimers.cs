using System.Text.Json;

namespace Tideline.Sagas;

/// <summary>Deadlines, parking, and the row of a saga that only waits.</summary>
internal static class SagaTimers
{
    /// <summary>
    /// Whether the deadline of the present step has passed: only while the saga runs forward, up to and including the
    /// pivot. After the pivot there is no deadline.
    /// </summary>
    public static bool DeadlinePassed(SagaDefinition definition, SagaRow row, long nowUs)
    {
        if (row.State != SagaState.Running) return false;
        return row.Step <= definition.PivotStep
            && nowUs - row.CreatedUs > definition.Steps[row.Step].Deadline.TotalMicroseconds;
    }

    public static SagaRow Write(SagaRow row, SagaData data, List<SagaHistory> history, long nowUs) => row with
    {
        Data = JsonSerializer.SerializeToUtf8Bytes(data, SagaJson.Default.SagaData),
        History = JsonSerializer.SerializeToUtf8Bytes([.. history], SagaJson.Default.SagaHistoryArray),
        UpdatedUs = nowUs,
    };
}
