import Crypto

/// The chain of hashes: each block's covers its parent's and all rows of the block.
///
/// ```
/// table digest = SHA-256(encoded rows of that table in that block, in order of key)
/// block hash   = SHA-256(parent hash ‖ for each table with rows, in order of number:
///                        number (1 byte) ‖ row count (8 bytes, little-endian) ‖ table digest)
/// ```
///
/// Genesis has for its parent the digest of the run's own row, encoded as table 0.
struct HashChain {
    private(set) var head: Digest32

    /// What sealing a block found.
    struct Seal {
        struct Part {
            var table: FactTable
            var rows: Int
            var digest: Digest32
        }
        var parent: Digest32
        var hash: Digest32
        var parts: [Part]
    }

    init(head: Digest32) { self.head = head }

    mutating func seal(_ rows: BlockEncoder) -> Seal {
        let seal = HashChain.seal(rows, parent: head)
        head = seal.hash
        return seal
    }

    static func seal(_ rows: BlockEncoder, parent: Digest32) -> Seal {
        let parts = FactTable.allCases.compactMap { table -> Seal.Part? in
            let buffer = rows[table]
            guard buffer.rowCount > 0 else { return nil }
            return Seal.Part(table: table, rows: buffer.rowCount, digest: buffer.digest)
        }
        return Seal(parent: parent, hash: hash(parts, parent: parent), parts: parts)
    }

    static func hash(_ parts: [Seal.Part], parent: Digest32) -> Digest32 {
        var text = parent.bytes
        for part in parts {
            text.append(part.table.rawValue)
            withUnsafeBytes(of: Int64(part.rows).littleEndian) { text.append(contentsOf: $0) }
            text.append(contentsOf: part.digest.bytes)
        }
        return Digest32(SHA256.hash(data: text))
    }
}
