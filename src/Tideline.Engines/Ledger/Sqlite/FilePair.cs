using System.Buffers.Binary;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// A shard's file and its write-ahead log, held against each other before SQLite takes them for one: it would lay any
/// log of the right name over any file. Each commit writes its number into the row of <c>head</c>, so the log begins at
/// most one commit after what the file holds, and does not end before it.
/// </summary>
/// <remarks>The formats are those of sqlite.org/fileformat2.html, sections 1.6, 2.1 and 4.</remarks>
internal static class FilePair
{
    /// <summary>The root page of <c>head</c>, the second table that the schema makes.</summary>
    public const int HeadPage = 3;

    private const int PageBytes = 4_096;
    private const int LogHeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const byte TableLeaf = 0x0D;

    // Behind a page, so that what is read of a damaged one ends.
    private const int Spare = 256;

    // Columns of head: id, epoch, message_seq, time_us, outcomes_indexed, commits.
    private const int CommitsColumn = 5;

    /// <summary>Checks that the log beside a shard's file is the one that the file was left with.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TidelineException">Corrupt: one of them is older than the other.</exception>
    public static void Require(string path)
    {
        if (Commits(path) is not { } inFile || Commits($"{path}-wal", inFile) is not var (first, last)) return;
        if (first <= inFile + 1 && last >= inFile) return;
        var older = first > inFile + 1 ? Path.GetFileName(path) : $"{Path.GetFileName(path)}-wal";
        throw new TidelineException(
            ErrorCode.Corrupt,
            $"{path} holds commits to {inFile}, the log beside it {first} to {last}: they are not of one moment, and "
                + $"{older} was put here from an earlier one. Put back the files that belong together, or restore the "
                + "whole installation from a backup (docs/operating/backup.md).");
    }

    // Null: it holds no ledger, which whoever opens it tells.
    private static long? Commits(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> page = new byte[PageBytes + Spare];
        return RandomAccess.Read(file, page[..PageBytes], (HeadPage - 1) * PageBytes) == PageBytes
            ? CommitsOf(page)
            : null;
    }

    // The first and the last commit of the log that have the row; null when none has, or SQLite will not read it.
    private static (long First, long Last)? Commits(string path, long inFile)
    {
        if (!File.Exists(path)) return null;
        using var log = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = new byte[LogHeaderBytes];
        Span<byte> frame = new byte[FrameHeaderBytes];
        Span<byte> page = new byte[PageBytes + Spare];
        if (RandomAccess.Read(log, header, 0) < header.Length
            || BinaryPrimitives.ReadInt32BigEndian(header[8..]) != PageBytes) return null;
        var salts = header[16..24];
        var (first, last, pending) = ((long?)null, inFile, (long?)null);
        long at = LogHeaderBytes;
        for (; RandomAccess.Read(log, frame, at) == FrameHeaderBytes; at += FrameHeaderBytes + PageBytes)
        {
            if (!frame[8..16].SequenceEqual(salts)) break;
            if (BinaryPrimitives.ReadInt32BigEndian(frame) == HeadPage)
            {
                if (RandomAccess.Read(log, page[..PageBytes], at + FrameHeaderBytes) < PageBytes) break;
                pending = CommitsOf(page) ?? pending;
            }

            // Only the last frame of a transaction names the size of the file.
            if (BinaryPrimitives.ReadInt32BigEndian(frame[4..]) == 0 || pending is not { } commits) continue;
            (first, last, pending) = (first ?? commits, commits, null);
        }

        return first is null ? null : (first.Value, last);
    }

    // The one row of the page, as SQLite writes a record.
    private static long? CommitsOf(ReadOnlySpan<byte> page)
    {
        if (page[0] != TableLeaf || BinaryPrimitives.ReadUInt16BigEndian(page[3..]) != 1) return null;
        var at = (int)BinaryPrimitives.ReadUInt16BigEndian(page[8..]);
        if (at >= PageBytes) return null;
        Varint(page, ref at);
        Varint(page, ref at);
        var record = at;
        var value = record + (int)Varint(page, ref at);
        for (var column = 0; ; column++)
        {
            var type = Varint(page, ref at);
            var bytes = type switch { 0 or 8 or 9 => 0, <= 4 => (int)type, 5 => 6, 6 => 8, _ => -1 };
            if (bytes < 0 || value + bytes > PageBytes) return null;
            if (column < CommitsColumn)
            {
                value += bytes;
                continue;
            }

            var commits = type == 9 ? 1L : 0L;
            foreach (var each in page.Slice(value, bytes)) commits = (commits << 8) | each;
            return commits;
        }
    }

    private static long Varint(ReadOnlySpan<byte> page, ref int at)
    {
        var value = 0L;
        for (var length = 0; length < 8; length++)
        {
            var next = page[at++];
            value = (value << 7) | (uint)(next & 0x7F);
            if (next < 0x80) return value;
        }

        return (value << 8) | page[at++];
    }
}
