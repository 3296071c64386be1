import Crypto

/// The encoded rows of one table in one block, end to end, with a check of each.
///
/// Encoding of a row: the table's number (one byte), then each column in the order of
/// ``FactTable/columns``. A column is a byte that tells its type and then its value:
///
/// | type | byte | value |
/// |---|---|---|
/// | null | 0 | nothing |
/// | integer | 1 | 8 bytes, two's complement, little-endian |
/// | text | 2 | length in bytes as 8 bytes little-endian, then UTF-8 |
///
/// The run's number is not encoded: equal runs are equal in any file.
final class RowBuffer {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int
    /// Where each row ends.
    private(set) var ends: [Int] = []
    /// Four bytes a row, little-endian.
    private(set) var checks: [UInt8] = []

    init() {
        capacity = 4096
        base = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { base.deallocate() }

    var rowCount: Int { ends.count }

    func removeAll() {
        count = 0
        ends.removeAll(keepingCapacity: true)
        checks.removeAll(keepingCapacity: true)
    }

    /// Room for any row's numbers is made here, so that ``integer(_:)`` need not look.
    @inline(__always) func begin(_ table: UInt8) {
        reserve(512)
        base.storeBytes(of: table, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always) func integer(_ value: Int64) {
        base.storeBytes(of: 1, toByteOffset: count, as: UInt8.self)
        base.storeBytes(of: value.littleEndian, toByteOffset: count + 1, as: Int64.self)
        count += 9
    }

    @inline(__always) func null() {
        base.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    func text(_ utf8: UnsafeBufferPointer<UInt8>) {
        reserve(utf8.count + 521)
        base.storeBytes(of: 2, toByteOffset: count, as: UInt8.self)
        base.storeBytes(
            of: Int64(utf8.count).littleEndian, toByteOffset: count + 1, as: Int64.self)
        if let source = utf8.baseAddress {
            (base + count + 9).copyMemory(from: source, byteCount: utf8.count)
        }
        count += utf8.count + 9
    }

    @inline(__always) func end() {
        let start = ends.last ?? 0
        let check = rowCheck(UnsafeRawBufferPointer(start: base + start, count: count - start))
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            checks.append(UInt8(truncatingIfNeeded: check >> shift))
        }
        ends.append(count)
    }

    /// One encoded row.
    func row(_ index: Int) -> UnsafeRawBufferPointer {
        let start = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(start: base + start, count: ends[index] - start)
    }

    /// SHA-256 over all rows.
    var digest: Digest32 {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(start: base, count: count))
        return Digest32(hash.finalize())
    }

    private func reserve(_ bytes: Int) {
        guard count + bytes > capacity else { return }
        capacity = max(capacity * 2, count + bytes)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }
}

/// Four bytes that tell a row from its altered self; the digest is what proves, this only points.
///
/// Each 8-byte word, little-endian, the last padded with zeros, is xored into a 64-bit state that is
/// then multiplied by 0x9E3779B97F4A7C15 and folded by `x ^= x >> 32`; the state begins as the length.
func rowCheck(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var state = UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
        let word = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        state ^= state >> 32
        offset += 8
    }
    var last: UInt64 = 0
    for index in stride(from: bytes.count - 1, through: offset, by: -1) {
        last = last << 8 | UInt64(bytes[index])
    }
    state = (state ^ last) &* 0x9E37_79B9_7F4A_7C15
    return UInt32(truncatingIfNeeded: state ^ (state >> 32))
}
