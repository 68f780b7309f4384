using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

/// <summary>Short words for transfers that are under way, and for what happens to their accounts meanwhile.</summary>
internal static class InFlight
{
    /// <summary>Begins a transfer and leaves its message where it is.</summary>
    public static async Task<Guid> StartAsync(this Bank bank, Guid from, Guid to, long minor)
    {
        var request = bank.Transfer(from, to, minor);
        var start = new StartTransfer(bank.Ledger.NextIdBeside(from), from, to, request.Amount, "rent")
        {
            Key = request.Key,
            Fingerprint = request.Fingerprint,
        };
        var reply = await bank.Ledger.ExecuteAsync(start, default);
        (reply.Refusal, reply.Kind).ShouldBe((null, OutcomeKind.Saga));
        return reply.Subject;
    }

    public static async Task<Refusal?> SetStatusAsync(this Bank bank, Guid account, AccountStatus status) =>
        (await bank.Ledger.ExecuteAsync(new SetAccountStatus(account, status), default)).Refusal;

    /// <summary>
    /// Closes an account behind the program's back: what no command can do while money may still come back to it.
    /// </summary>
    public static void ForceClosed(this Bank bank, Guid account) =>
        bank.Tamper(
            bank.Ledger.Map.ShardOf(account),
            $"UPDATE accounts SET status = 2 WHERE account_id = X'{account:N}'").ShouldBe(1);

    /// <summary>A transfer whose credit was refused and whose source could not take its money back.</summary>
    public static async Task<(Guid Saga, Guid From, Guid To)> SuspendAsync(this Bank bank, long minor = 250)
    {
        var (from, to) = (await bank.AccountAsync(0, minor), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, minor);
        (await bank.SetStatusAsync(to, AccountStatus.Frozen)).ShouldBeNull();
        bank.ForceClosed(from);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Suspended);
        // As it was, so that verify has nothing to say of it.
        bank.Tamper(0, $"UPDATE accounts SET status = 0 WHERE account_id = X'{from:N}'").ShouldBe(1);
        return (id, from, to);
    }

    public static LogRecord Record(this MessageRow message) =>
        new(
            Topics.SagaCommands, message.TargetShard, 0, "saga-0", message.Seq, message.SagaId, message.Type,
            message.SagaId, 0, message.TimeUs, message.Data);
}
