using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Ledger: the writer of a shard, time, keys and names.</summary>
internal static class LedgerMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "owner-does-not-ask-the-store",
            File = "Ledger/GeneralLedger.cs",
            Find = """_slots[shard].ReadHeadAsync(cancel);""",
            Replace = """
                Planted.Is("owner-does-not-ask-the-store") && _slots[shard].Epoch != 0
                            ? Task.CompletedTask : _slots[shard].ReadHeadAsync(cancel);
                """,
            What = "A strong list waits for the events counted in this process, not for those in the store.",
            How = "A commit is durable and not yet counted, and another strong read has shown it.",
            Laws = "I10",
        },
        new()
        {
            Name = "answer-before-sync",
            File = "Ledger/BatchAcknowledger.cs",
            Find = """_sync();""",
            Replace = """
                if (Planted.Is("answer-before-sync")) _settle(batch);
                            _sync();
                """,
            What = "A batch is answered and counted before it is flushed.",
            How = "A kill or a failed flush between commit and flush loses the tail that was answered.",
            Laws = "I3",
            IsFrequent = true,
        },
        new()
        {
            Name = "answer-before-commit",
            File = "Ledger/ShardWriter.cs",
            Find = """if (!Write(batch)) return false;""",
            Replace = """
                if (Planted.Is("answer-before-commit")) AnswerGroup.Send(commands);
                            if (!Write(batch)) return false;
                """,
            What = "A batch is answered before its commit.",
            How = "A strong read right after an answer, a commit that the engine refuses, or a kill before it.",
            Laws = "I3 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "message-head-forgotten",
            File = "Ledger/ShardWriter.cs",
            Find = """_signal.Reach(batch.EventSeq, batch.MessageSeq, batch.TimeUs);""",
            Replace = """
                _signal.Reach(
                            batch.EventSeq, Planted.Is("message-head-forgotten") ? 0 : batch.MessageSeq, batch.TimeUs);
                """,
            What = "A commit is not counted for messages, so the relay carries none of them.",
            How = "Any transfer across shards stays under way until the process starts again.",
            Laws = "I6",
            IsFrequent = true,
        },
        new()
        {
            Name = "batch-time-goes-back",
            File = "Ledger/ShardWriter.cs",
            Find = """_head.TimeUs, notBeforeUs""",
            Replace = """Planted.Is("batch-time-goes-back") ? 0 : _head.TimeUs, notBeforeUs""",
            What = "A batch is stamped with the clock alone, even if that is behind the newest commit.",
            How = "A shard gets an owner whose clock is behind by less than the limit, or a clock jumps back.",
            Laws = "I8 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "block-hash-not-carried",
            File = "Ledger/ShardWriter.cs",
            Find = """BlockHash = block?.Hash ?? _head.BlockHash,""",
            Replace = """
                BlockHash = Planted.Is("block-hash-not-carried") ? _head.BlockHash : block?.Hash ?? _head.BlockHash,
                """,
            What = "The writer forgets the hash of the block that it wrote, so every later block is refused.",
            How = "Two audit blocks of one owner: events after the first are never sealed.",
            Laws = "I9",
            IsFrequent = true,
        },
        new()
        {
            Name = "goes-on-after-not-owner",
            File = "Ledger/ShardWriter.cs",
            Find = """if (told.Code is ErrorCode.NotOwner or ErrorCode.Corrupt) Stop(told);""",
            Replace = """
                if (told.Code == ErrorCode.Corrupt
                            || (told.Code == ErrorCode.NotOwner && !Planted.Is("goes-on-after-not-owner"))) Stop(told);
                """,
            What = "A writer that was told that another process owns its shard goes on.",
            How = "Two owners: the first keeps refusing commands, and its strong lists lack what the second commits.",
            Laws = "I10 I11",
            IsFrequent = true,
            Focus = RunFocus.Takeovers,
        },
        new()
        {
            Name = "not-before-ignored",
            File = "Ledger/BatchSteps.cs",
            Find = """notBeforeUs = Math.Max(notBeforeUs, command.NotBeforeUs);""",
            Replace = """
                if (!Kernel.Planted.Is("not-before-ignored"))
                                    notBeforeUs = Math.Max(notBeforeUs, command.NotBeforeUs);
                """,
            What = "A fence does not move the time of its batch.",
            How = "A process whose clock is a little ahead reads at a time that the owner's clock has not reached.",
            Laws = "model",
            IsFrequent = true,
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "batch-time-repeats",
            File = "Ledger/ClockRules.cs",
            Find = """headUs + 1)""",
            Replace = """headUs + (Planted.Is("batch-time-repeats") ? 0 : 1))""",
            What = "Two batches may have the same time.",
            How = "A statement that ends now is read between two batches of one microsecond, then read again.",
            Laws = "model",
            IsFrequent = true,
        },
        new()
        {
            Name = "fence-skipped",
            File = "Ledger/GeneralLedger.cs",
            Find = """if (CommittedHead(shard).TimeUs >= timeUs) return;""",
            Replace = """if (Planted.Is("fence-skipped") || CommittedHead(shard).TimeUs >= timeUs) return;""",
            What = "A read at a time is not fenced.",
            How = "A statement that ends now is read while a batch is being committed, then read again.",
            Laws = "model",
            IsFrequent = true,
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "key-home-skipped",
            File = "Ledger/GeneralLedger.cs",
            Find = """var reply = home == shard || _store.TakesKeysOf(shard, home)""",
            Replace = """
                var reply = home == shard || Planted.Is("key-home-skipped") || _store.TakesKeysOf(shard, home)
                """,
            What = "A key is not reserved at its home, so every shard may use it once.",
            How = "A key is used again with a request about an account of another shard.",
            Laws = "I4",
            IsFrequent = true,
        },
        new()
        {
            Name = "reserved-id-not-used",
            File = "Ledger/GeneralLedger.cs",
            Find = """command.About(reply.Subject) with { IsKeyTaken = true }""",
            Replace = """
                (Planted.Is("reserved-id-not-used") ? command : command.About(reply.Subject)) with { IsKeyTaken = true }
                """,
            What = "A repeat creates its thing under a new id instead of the reserved one.",
            How = "A request that creates a customer is repeated with its key, and a new id that is on another shard.",
            Laws = "I3 I4",
        },
        new()
        {
            Name = "id-not-beside-its-account",
            File = "Ledger/GeneralLedger.cs",
            Find = """Map.NextOn(Map.ShardOf(id), Ids);""",
            Replace = """Planted.Is("id-not-beside-its-account") ? Ids.Next() : Map.NextOn(Map.ShardOf(id), Ids);""",
            What = "The id of a hold or transfer does not say on which shard it is, so it is not found by its id.",
            How = "A transfer or hold is read by its id, on several shards.",
            Laws = "I12 I13 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "closed-shard-is-read",
            File = "Ledger/GeneralLedger.cs",
            Find = """_slots[shard].WhyUnreadable is { } why ? throw why : _readers[shard]""",
            Replace = """
                !Planted.Is("closed-shard-is-read") && _slots[shard].WhyUnreadable is { } why
                    ? throw why : _readers[shard]
                """,
            What = "A shard that lost what was acknowledged still answers strong reads.",
            How = "The tail of a shard is lost after it was answered and relayed; then it is read.",
            Laws = "I3 model",
            Focus = RunFocus.Tails,
        },
        new()
        {
            Name = "key-not-kept-at-home",
            File = "Ledger/ShardContext.cs",
            Find = """return home != Shard && TakesKeysOf(home) ? home : null;""",
            Replace = """
                return home != Shard && TakesKeysOf(home) && !Planted.Is("key-not-kept-at-home") ? home : null;
                """,
            What = "Where one transaction reaches both, the key is stored with its effect only, not at its home.",
            How = "An engine that takes keys of other shards; a key is used again about an account of a third shard.",
            Laws = "I4",
            IsFrequent = true,
        },
        new()
        {
            Name = "fingerprint-ignored",
            File = "Ledger/Outcomes.cs",
            Find = """known.Fingerprint == command.Fingerprint""",
            Replace = """Planted.Is("fingerprint-ignored") || known.Fingerprint == command.Fingerprint""",
            What = "A key that is used with another request gets the answer of the first one.",
            How = "A key is used again with another amount.",
            Laws = "I4 model",
            IsFrequent = true,
        },
        new()
        {
            Name = "refusal-not-stored",
            File = "Ledger/Outcomes.cs",
            Find = """batch.Writes.Outcomes.Add(outcome);""",
            Replace = """
                if (reply.Refusal is null || !Planted.Is("refusal-not-stored")) batch.Writes.Outcomes.Add(outcome);
                """,
            What = "A refusal is not stored under its key.",
            How = "A refused request is repeated after the account can pay.",
            Laws = "I4",
            IsFrequent = true,
        },
        new()
        {
            Name = "position-of-repeat-lost",
            File = "Ledger/Outcomes.cs",
            Find = """new Position(shard, outcome.Seq)""",
            Replace = """new Position(shard, Planted.Is("position-of-repeat-lost") ? 0 : outcome.Seq)""",
            What = "The answer to a repeat has no position, so its client gets no token.",
            How = "A request is repeated; its position differs from the first answer.",
            Laws = "I4 I10",
        },
        new()
        {
            Name = "claim-taken-over-unasked",
            File = "Ledger/NameClaims.cs",
            Find = """var answer = await ledger.SubmitAsync(ledger.Map.ShardOf(held.Subject), abandon);""",
            Replace = """
                var answer = !Planted.Is("claim-taken-over-unasked")
                                ? await ledger.SubmitAsync(ledger.Map.ShardOf(held.Subject), abandon)
                                : await ledger.ReaderOf(held.Subject).GetAccountAsync(held.Subject, cancel) is null
                                    ? reply
                                    : reply with { Refusal = null };
                """,
            What = "A claim without an account is taken over without first ruling its opening out.",
            How = "Two accounts are opened with the same IBAN at once.",
            Laws = "I15",
            IsFrequent = true,
        },
        new()
        {
            Name = "iban-claimed-over",
            File = "Ledger/Commands/ClaimName.cs",
            Find = """if (held.ClaimId != Abandoned) return""",
            Replace = """if (held.ClaimId != Abandoned && !Planted.Is("iban-claimed-over")) return""",
            What = "A name that is claimed is claimed again.",
            How = "Two accounts are opened with the same IBAN.",
            Laws = "I15",
            IsFrequent = true,
        },
        new()
        {
            Name = "name-released-by-another",
            File = "Ledger/Commands/ReleaseClaim.cs",
            Find = """out var held) && held.ClaimId == ClaimId)""",
            Replace = """
                out var held)
                            && (held.ClaimId == ClaimId || Kernel.Planted.Is("name-released-by-another")))
                """,
            What = "A refused opening releases the name of the account that has it.",
            How = "Three accounts are opened with the same IBAN, one after the other.",
            Laws = "I15",
            IsFrequent = true,
        },
    ];
}
