using System.Security.Cryptography;
using CsCheck;
using Tideline.Audit;

namespace Tideline.Tests.Audit;

public sealed class MerkleTreeTests
{
    // The leaves and roots with which implementations of RFC 6962 are tested (certificate-transparency, merkletree).
    private static readonly string[] s_inputs =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_root_is_that_of_rfc_6962(int leaves, string root) =>
        Convert.ToHexStringLower(MerkleTree.Root(
            [.. s_inputs[..leaves].Select(input => Leaf(Convert.FromHexString(input)))])).ShouldBe(root);

    [Fact]
    public void A_path_leads_to_the_root_from_its_own_leaf_and_place_alone() =>
        Gen.Int[1, 70].SelectMany(size => Gen.Select(Gen.Const(size), Gen.Int[0, size - 1], Gen.Int[0, size - 1]))
            .Sample((size, index, other) =>
            {
                byte[][] leaves = [.. Enumerable.Range(0, size).Select(at => Leaf([(byte)at]))];
                var (root, path) = (MerkleTree.Root(leaves), MerkleTree.Path(leaves, index));
                MerkleTree.RootOf(leaves[index], index, size, path).ShouldBe(root);
                if (other != index)
                {
                    Found(MerkleTree.RootOf(leaves[other], index, size, path), root).ShouldBeFalse();
                    Found(MerkleTree.RootOf(leaves[index], other, size, path), root).ShouldBeFalse();
                }

                MerkleTree.RootOf(leaves[index], index, size, [.. path, root]).ShouldBeNull();
                MerkleTree.RootOf(leaves[index], size, size, path).ShouldBeNull();
                MerkleTree.RootOf(leaves[index], -1, size, path).ShouldBeNull();
                if (path.Count > 0)
                    MerkleTree.RootOf(leaves[index], index, size, [.. path.Take(path.Count - 1)]).ShouldBeNull();
            });

    private static bool Found(byte[]? found, byte[] root) => found is not null && found.AsSpan().SequenceEqual(root);

    private static byte[] Leaf(byte[] input)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        MerkleTree.BeginLeaf(hash);
        hash.AppendData(input);
        return hash.GetHashAndReset();
    }
}
