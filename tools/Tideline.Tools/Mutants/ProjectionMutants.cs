using Tideline.Tools.Opponent;

namespace Tideline.Tools.Mutants;

/// <summary>Bugs of src/Tideline/Projections.</summary>
internal static class ProjectionMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new()
        {
            Name = "takeover-drops-what-is-there",
            File = "Projections/ViewTakeover.cs",
            Find = """CollectionIsLost(logger, names.Version, definition.Name);""",
            Replace = """
                CollectionIsLost(logger, names.Version, definition.Name);
                        if (Planted.Is("takeover-drops-what-is-there"))
                        {
                            await names.CreateAsync(views, shards.Length, cancel);
                            return active;
                        }
                """,
            What = "A process that finds a collection missing drops all of them and makes them anew in place.",
            How = "It stands still in the middle, and its successor has filled them: the simulation found it.",
            Laws = "I8",
            Focus = RunFocus.Takeovers,
            NotFoundYet = "A process must stand still in the middle of a takeover: it takes hundreds of seeds.",
        },
        new()
        {
            Name = "lost-switch-not-found-out",
            File = "Projections/ViewTakeover.cs",
            Find = """
                Epoch = 0;
                            throw;
                """,
            Replace = """
                if (!Planted.Is("lost-switch-not-found-out")) Epoch = 0;
                            throw;
                """,
            What = "A process goes on with the old version when it does not know whether a switch is stored.",
            How = "The answer to the switch of a rebuild is lost: the simulation found it.",
            Laws = "I6 I8",
            Focus = RunFocus.Rebuilds,
            NotFoundYet = "The answer to the one call that switches a rebuild must be lost: it takes hundreds of "
                + "seeds.",
        },
        new()
        {
            Name = "watermark-before-documents",
            File = "Projections/ViewApplier.cs",
            Find = """var applied = await views.WriteBatchAsync(groups, watermarks, cancel);""",
            Replace = """
                if (Planted.Is("watermark-before-documents")) await views.WriteBatchAsync([], watermarks, cancel);
                        var applied = await views.WriteBatchAsync(groups, watermarks, cancel);
                """,
            What = "Watermarks are written before the documents.",
            How = "A kill between the two, and a start that goes on from the watermark.",
            Laws = "I8",
            Focus = RunFocus.Takeovers,
        },
        new()
        {
            Name = "lost-guard-ignored",
            File = "Projections/ViewApplier.cs",
            Find = """lost.Add(key);""",
            Replace = """if (!Planted.Is("lost-guard-ignored")) lost.Add(key);""",
            What = "A document that somebody else wrote meanwhile is not folded again.",
            How = "The aging pass, or a second builder, writes a document between its read and its write.",
            Laws = "I8",
            Focus = RunFocus.Letters,
        },
        new()
        {
            Name = "clock-not-compared",
            File = "Projections/ViewApplier.cs",
            Find = """if (_documents?.Covers(touched!.After, happened.Event) == true) continue;""",
            Replace = """
                if (!Planted.Is("clock-not-compared")
                                && _documents?.Covers(touched!.After, happened.Event) == true) continue;
                """,
            What = "An event that a document holds already is folded into it again.",
            How = "A kill between documents and watermark: daily figures count the events twice.",
            Laws = "I8",
            Focus = RunFocus.Takeovers,
        },
        new()
        {
            Name = "events-pass-a-dead-one",
            File = "Projections/ViewApplier.cs",
            Find = """|| isBlocked(key, happened);""",
            Replace = """|| (!Planted.Is("events-pass-a-dead-one") && isBlocked(key, happened));""",
            What = "Later events of a key do not wait behind its dead letter.",
            How = "An event that cannot be folded, and later ones of its document in another batch.",
            Laws = "I8",
            Focus = RunFocus.Letters,
        },
        new()
        {
            Name = "poison-skipped",
            File = "Projections/ViewApplier.cs",
            Find = """batch.Dead.Add(new DeadEvent(happened, key, reason));""",
            Replace = """
                if (!Planted.Is("poison-skipped")) batch.Dead.Add(new DeadEvent(happened, key, reason));
                """,
            What = "An event that cannot be folded is passed over without a dead letter.",
            How = "An event that cannot be folded, such as one of a damaged document.",
            Laws = "I8",
            IsFrequent = true,
            Focus = RunFocus.Letters,
        },
        new()
        {
            Name = "one-dead-letter-blocks-all",
            File = "Projections/DeadLetterQueue.cs",
            Find = """return _book.Count > 0 && _book.Contains(key)""",
            Replace = """
                return _book.Count > 0 && (Planted.Is("one-dead-letter-blocks-all") || _book.Contains(key))
                """,
            What = "While one document has a dead letter, the events of all wait.",
            How = "An event that cannot be folded, and then events of other customers.",
            Laws = "I8",
            Focus = RunFocus.Letters,
        },
        new()
        {
            Name = "dead-letters-after-watermark",
            File = "Projections/BatchApplier.cs",
            Find = """
                        if (batch.Dead.Count > 0)
                        {
                            await RequireKeptAsync(moves, cancel);
                            await dead.AppendAsync(batch.Dead, cancel);
                        }

                        CrashPoint.Pass("projection.write.before");
                        var outcome = await applier.WriteAsync(batch, moves, cancel);
                        CrashPoint.Pass("projection.write.after");
            """,
            Replace = """
                        var isLate = Planted.Is("dead-letters-after-watermark");
                        if (batch.Dead.Count > 0 && !isLate)
                        {
                            await RequireKeptAsync(moves, cancel);
                            await dead.AppendAsync(batch.Dead, cancel);
                        }

                        CrashPoint.Pass("projection.write.before");
                        var outcome = await applier.WriteAsync(batch, moves, cancel);
                        CrashPoint.Pass("projection.write.after");
                        if (batch.Dead.Count > 0 && isLate) await dead.AppendAsync(batch.Dead, cancel);
            """,
            What = "Dead letters are written after the watermark has passed them.",
            How = "An event that cannot be folded, and a kill between the two.",
            Laws = "I8",
            Focus = RunFocus.Letters,
        },
        new()
        {
            Name = "lost-is-dead",
            File = "Projections/BatchApplier.cs",
            Find = """move.RequireKept((await views""",
            Replace = """if (!Planted.Is("lost-is-dead")) move.RequireKept((await views""",
            What = "Events that cannot be folded because the views were just lost become dead letters.",
            How = "The documents are lost under a running process, and the next event follows upon others.",
            Laws = "I6 I8",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "letter-taken-for-a-repeat",
            File = "Projections/DeadLetterQueue.cs",
            Find = """await RequireWrittenAsync(dead, fresh, cancel);""",
            Replace = """
                if (!Planted.Is("letter-taken-for-a-repeat")) await RequireWrittenAsync(dead, fresh, cancel);
                """,
            What = "A letter that the log took for a repeat of another one counts as written.",
            How = "Two processes that both believe to have the views write letters under one number.",
            Laws = "I8",
            Focus = RunFocus.Letters,
            NotFoundYet = "Both processes must write a letter within one takeover: one in about a thousand runs.",
        },
        new()
        {
            Name = "loss-not-looked-for",
            File = "Projections/Projector.cs",
            Find = """if (await _takeover.IsLostAsync(Names, cancel))""",
            Replace = """if (!Planted.Is("loss-not-looked-for") && await _takeover.IsLostAsync(Names, cancel))""",
            What = "Views that were lost come back with the next event only.",
            How = "The views are lost under running nodes, and nothing is written any more.",
            Laws = "I6 I8",
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "old-watermarks-for-new-views",
            File = "Projections/Projector.cs",
            Find = """=> Array.ForEach(_shards, shard => shard.Reset());""",
            Replace = """
                {
                        if (!Planted.Is("old-watermarks-for-new-views"))
                            Array.ForEach(_shards, shard => shard.Reset());
                    }
                """,
            What = "Another version answers, and the watermarks of the one before are believed of it for a moment.",
            How = "The views are lost under running nodes, and a list is read while another version takes their place.",
            Laws = "I10",
            Focus = RunFocus.Losses,
            NotFoundYet = "A document must be read that the new version has built in part; lists ask the store once "
                + "more. VersionSwitchTests do it.",
        },
        new()
        {
            Name = "shared-batch-off-by-one",
            File = "Projections/ShardFeed.cs",
            Find = """var taken = (int)(from.Seq - batch.From.Seq);""",
            Replace = """
                var taken = (int)(from.Seq - batch.From.Seq)
                                    + (Planted.Is("shared-batch-off-by-one") && from.Seq > batch.From.Seq ? 1 : 0);
                """,
            What = "A projection that stands within a batch of the log skips an event.",
            How = "A restart after which two projections stand at different positions of one batch.",
            Laws = "I8",
            IsFrequent = true,
            Focus = RunFocus.Losses,
        },
        new()
        {
            Name = "rebuild-switched-too-early",
            File = "Projections/Rebuild.cs",
            Find = """await LevelAsync(catchUp, 0, cancel);""",
            Replace = """if (!Planted.Is("rebuild-switched-too-early")) await LevelAsync(catchUp, 0, cancel);""",
            What = "A rebuilt version answers before it holds what the version before it holds.",
            How = "A forced rebuild under traffic.",
            Laws = "I8 I10",
            Focus = RunFocus.Rebuilds,
        },
        new()
        {
            Name = "repair-misses-what-came-meanwhile",
            File = "Projections/ViewRepair.cs",
            Find = """
                _projector.Watermark(shard), cancel);
                            return await FinishAsync(fold, names, shards, cancel);
                """,
            Replace = """
                Planted.Is("repair-misses-what-came-meanwhile") ? 0 : _projector.Watermark(shard), cancel);
                            return await FinishAsync(fold, names, shards, cancel);
                """,
            What = "A repaired document lacks the events that were projected during its repair.",
            How = "A repair of a customer under traffic.",
            Laws = "I8",
            Focus = RunFocus.Rebuilds,
        },
        new()
        {
            Name = "repair-removes-first",
            File = "Projections/ViewRepair.cs",
            Find = """stored is { Damage: null, Revision: > 0 }""",
            Replace = """!Planted.Is("repair-removes-first") && stored is { Damage: null, Revision: > 0 }""",
            What = "A repair removes a sound document before it writes it anew.",
            How = "A call of the repair fails between the two: the simulation found it.",
            Laws = "I8",
            Focus = RunFocus.Rebuilds,
        },
        new()
        {
            Name = "repair-without-fence",
            File = "Projections/ViewRepair.cs",
            Find = """await _projector.FenceAsync(shards, cancel);""",
            Replace = """
                if (!Planted.Is("repair-without-fence")) await _projector.FenceAsync(shards, cancel);
                """,
            What = "A process that does not know how far the views are builds a document anew up to where it knows.",
            How = "The log is away while the owner of shard 0 changes, and a repair comes: the simulation found it.",
            Laws = "I8",
            Focus = RunFocus.Rebuilds,
            NotFoundYet = "A repair must come before its process has taken the views over: about a hundred seeds.",
        },
        new()
        {
            Name = "waiter-released-early",
            File = "Projections/ShardProgress.cs",
            Find = """out var seq) && seq <= watermark.Seq)""",
            Replace = """out var seq) && seq <= watermark.Seq + (Planted.Is("waiter-released-early") ? 1 : 0))""",
            What = "A read that waits for a position is let go one event too early.",
            How = "A read at a token waits, and the watermark stops one event before it.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "watermark-off-by-one",
            File = "Projections/ShardProgress.cs",
            Find = """if (_watermark.Seq >= seq) return true;""",
            Replace = """if (_watermark.Seq >= seq - (Planted.Is("watermark-off-by-one") ? 1 : 0)) return true;""",
            What = "A view counts as fresh enough with one event less than the token names.",
            How = "A read at the token of the newest event, before that is projected.",
            Laws = "I10",
            IsFrequent = true,
        },
        new()
        {
            Name = "lag-ignores-the-newest",
            File = "Projections/ShardProgress.cs",
            Find = """if (_watermark.Seq >= head.EventSeq)""",
            Replace = """if (_watermark.Seq >= head.EventSeq - (Planted.Is("lag-ignores-the-newest") ? 1 : 0))""",
            What = "A view that lacks one event counts as level.",
            How = "A bounded read while one event is not projected for longer than the bound.",
            Laws = "I10",
            Focus = RunFocus.Freshness,
        },
        new()
        {
            Name = "announcement-skips-a-range",
            File = "Projections/ViewProgressPublisher.cs",
            Find = """shard.IsAnnouncementUnsure = records is not null;""",
            Replace = """
                shard.IsAnnouncementUnsure = records is not null && !Planted.Is("announcement-skips-a-range");
                """,
            What = "After a failed append the log is not asked what of the announcements is on it.",
            How = "The log appends an announcement but reports a fault: the next range is never announced.",
            Laws = "model",
            Focus = RunFocus.Calls,
        },
    ];
}
