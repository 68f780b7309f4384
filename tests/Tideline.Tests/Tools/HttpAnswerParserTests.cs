using System.Text;
using Tideline.Tools.Load;

namespace Tideline.Tests.Tools;

public sealed class HttpAnswerParserTests
{
    private const string WithLength = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nTideline-Token: abc\r\n\r\nhello";
    private const string InChunks =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nB\r\n, tideline.\r\n0\r\n\r\n";

    [Theory]
    [InlineData(WithLength, 201, "hello")]
    [InlineData(InChunks, 200, "hello, tideline.")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, "")]
    public void A_whole_answer_is_read_and_what_follows_is_left(string text, int status, string body)
    {
        var bytes = Encoding.ASCII.GetBytes(text + "HTTP/1.1 500");

        var answer = HttpAnswerParser.TryParse(bytes, out var consumed).ShouldNotBeNull();

        answer.Status.ShouldBe(status);
        answer.Text.ShouldBe(body);
        consumed.ShouldBe(text.Length);
    }

    [Theory]
    [InlineData(WithLength)]
    [InlineData(InChunks)]
    public void An_answer_that_is_cut_anywhere_waits_for_more(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);

        for (var length = 0; length < bytes.Length; length++)
            HttpAnswerParser.TryParse(bytes.AsSpan(0, length), out _).ShouldBeNull();
    }

    [Fact]
    public void A_header_is_found_in_any_case()
    {
        var answer = HttpAnswerParser.TryParse(Encoding.ASCII.GetBytes(WithLength), out _)!;

        answer.Header("tideline-token").ShouldBe("abc");
        answer.Header("Tideline").ShouldBeNull();
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")]
    public void What_is_not_an_answer_is_refused(string text) =>
        Should.Throw<InvalidDataException>(() => HttpAnswerParser.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
