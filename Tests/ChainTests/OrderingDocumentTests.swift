import ExactMath
import Foundation
import MarginProtocol
import SeededRandom
import Testing

@testable import Chain

/// Every rule of ordering as one small block, and the document that lists them.
struct OrderingDocumentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        /// What is sent, for people.
        var sent: String
        /// The ids in the block, in order.
        var order: [Int64]
        var run: @Sendable () throws -> [Int64]
        var testDescription: String { rule }
    }

    private static func block(
        _ setup: ChainConfiguration, _ sent: [Transaction], _ bundles: [TransactionBundle] = []
    ) throws -> [Int64] {
        var chain = try Chain(setup)
        let slot = chain.nextSlot()
        for transaction in sent { _ = chain.submit(transaction) }
        for bundle in bundles { _ = chain.submit(bundle) }
        return chain.build(slot) { _, _ in }.ids
    }

    private static var builders: ChainConfiguration {
        var setup = ChainConfiguration.small()
        setup.rules.bundles = BundleRule(builderShare: .one)
        return setup
    }

    private static func bundle(_ id: Int64, fee: Int64, behind: Int64? = nil) -> TransactionBundle {
        TransactionBundle(
            transactions: [transaction(id, from: Int32(id), fee: fee)], expiresAt: .at(100),
            behind: behind)
    }

    private static func arrival(_ precedence: Precedence = .none) -> ChainConfiguration {
        var setup = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        setup.rules.precedence = precedence
        return setup
    }

    private static func liquidation(_ id: Int64, from sender: Address, at seconds: Int64)
        -> Transaction
    {
        var sent = transaction(id, from: sender.raw, at: seconds)
        sent.command = .liquidate(account: AccountID(9), payer: AccountID(1), target: .next)
        return sent
    }

    static let byTip: [Case] = [
        Case(
            rule: "The highest effective tip first.",
            sent: "1 bids 50, 2 bids 70 and arrives later", order: [2, 1]
        ) {
            try block(
                .small(),
                [transaction(1, from: 1, fee: 50), transaction(2, from: 2, fee: 70, at: 3)])
        },
        Case(
            rule: "Of equal tips, what arrived first.",
            sent: "1 arrives at 3 s, 2 at 2 s, both bid 70", order: [2, 1]
        ) {
            try block(
                .small(),
                [transaction(1, from: 1, fee: 70, at: 3), transaction(2, from: 2, fee: 70, at: 2)])
        },
        Case(
            rule: "Of equal tips and equal arrival, the lower id: what was created first.",
            sent: "8, then 4, both at 3 s and both bid 70", order: [4, 8]
        ) {
            try block(
                .small(),
                [transaction(8, from: 1, fee: 70, at: 3), transaction(4, from: 2, fee: 70, at: 3)])
        },
        Case(
            rule: "An effective tip is what the fee cap leaves of the tip above the base fee.",
            sent: "base fee 100: 1 caps at 105 and tips 50, 2 caps at 900 and tips 6",
            order: [2, 1]
        ) {
            try block(
                .small(.eip1559(EIP1559(initialBaseFee: 100))),
                [
                    transaction(1, from: 1, fee: 105, tip: 50),
                    transaction(2, from: 2, fee: 900, tip: 6),
                ])
        },
        Case(
            rule: "A sender's transactions keep the order of their nonces, whatever they bid.",
            sent: "1 at nonce 0 bids 10, 2 at nonce 1 bids 99, 3 of another sender bids 50",
            order: [3, 1, 2]
        ) {
            try block(
                .small(),
                [
                    transaction(1, nonce: 0, fee: 10), transaction(2, nonce: 1, fee: 99),
                    transaction(3, from: 20, fee: 50),
                ])
        },
        Case(
            rule: "A replacement takes the nonce, and its place by its own bid and arrival.",
            sent: "1 bids 100, 2 of another sender bids 105, 3 replaces 1 with 110", order: [3, 2]
        ) {
            try block(
                .small(),
                [
                    transaction(1, fee: 100), transaction(2, from: 20, fee: 105),
                    transaction(3, fee: 110, at: 5),
                ])
        },
        Case(
            rule: "In a replacement race, each has to beat what then stands by 10 %.",
            sent: "1 bids 100, 2 bids 120 for its nonce, 3 bids 131 for it", order: [2]
        ) {
            try block(
                .small(),
                [transaction(1, fee: 100), transaction(2, fee: 120), transaction(3, fee: 131)])
        },
        Case(
            rule:
                "One whose gas limit does not fit is passed over, and with it its sender's later ones.",
            sent:
                "of 1,000,000 gas, 1 leaves 900,000; 2 asks for 950,000, 3 is its sender's next, 4 is another's",
            order: [1, 4]
        ) {
            try block(
                .small(),
                [
                    transaction(1, from: 1, fee: 90),
                    transaction(2, from: 2, fee: 80, gas: 950_000),
                    transaction(3, from: 2, nonce: 1, fee: 99), transaction(4, from: 3, fee: 10),
                ])
        },
    ]

    static let bundles: [Case] = [
        Case(
            rule: "A bundle before public transactions that pay the same for each unit of gas.",
            sent: "1 is public, 7 a bundle, both pay 70", order: [7, 1]
        ) { try block(builders, [transaction(1, from: 1, fee: 70)], [bundle(7, fee: 70)]) },
        Case(
            rule: "A public transaction that pays more comes before a bundle.",
            sent: "1 is public and pays 71, 7 is a bundle and pays 70", order: [1, 7]
        ) { try block(builders, [transaction(1, from: 1, fee: 71)], [bundle(7, fee: 70)]) },
        Case(
            rule: "Of bundles that pay the same, the one that was sent first.",
            sent: "8, then 7, both pay 70", order: [8, 7]
        ) { try block(builders, [], [bundle(8, fee: 70), bundle(7, fee: 70)]) },
        Case(
            rule:
                "A bundle behind a transaction comes directly behind it, whatever it and others pay.",
            sent: "1 pays 90, 2 pays 80, 7 pays 1 and stands behind 1", order: [1, 7, 2]
        ) {
            try block(
                builders, [transaction(1, from: 1, fee: 90), transaction(2, from: 2, fee: 80)],
                [bundle(7, fee: 1, behind: 1)])
        },
    ]

    static let byArrival: [Case] = [
        Case(
            rule: "What arrived first, whatever it bids.",
            sent: "1 arrives at 8 s and bids 900, 2 at 2 s", order: [2, 1]
        ) {
            try block(
                arrival(),
                [transaction(1, from: 1, fee: 900, at: 8), transaction(2, from: 2, at: 2)])
        },
        Case(
            rule: "Of equal arrival, the lower id.",
            sent: "6, then 5, both at 7 s", order: [5, 6]
        ) {
            try block(arrival(), [transaction(6, from: 1, at: 7), transaction(5, from: 2, at: 7)])
        },
        Case(
            rule: "The first that does not fit closes the block.",
            sent: "of 1,000,000 gas, 1 leaves 900,000; 2 asks for 950,000, 3 comes after it",
            order: [1]
        ) {
            var setup = arrival()
            setup.gasLimit = 1_000_000
            return try block(
                setup,
                [
                    transaction(1, from: 1, at: 1), transaction(2, from: 2, at: 2, gas: 950_000),
                    transaction(3, from: 3, at: 3),
                ])
        },
        Case(
            rule: "Where liquidations have precedence: the venue's own first, up to its attempts.",
            sent: "1 arrives at 1 s, the venue's liquidation 2 at 5 s, somebody else's 3 at 2 s",
            order: [2, 1, 3]
        ) {
            try block(
                arrival(.liquidationsFirst(attempts: 50)),
                [
                    transaction(1, from: 20, at: 1), liquidation(2, from: .system, at: 5),
                    liquidation(3, from: Address(21), at: 2),
                ])
        },
        Case(
            rule: "Where cancellations have precedence: what cannot trade at once first.",
            sent: "a liquidation 1 arrives at 1 s, a pause 2 at 5 s", order: [2, 1]
        ) {
            try block(
                arrival(.cancelsFirst),
                [liquidation(1, from: Address(21), at: 1), transaction(2, from: 20, at: 5)])
        },
    ]

    @Test(arguments: byTip + bundles + byArrival) func order(_ example: Case) throws {
        #expect(try example.run() == example.order, "\(example.rule)")
    }

    /// In any order of sending, each example ends in the same block, but for what says that it was sent
    /// first.
    @Test func theDocumentListsThem() throws {
        var text = """
            # The order of a block

            Generated from the examples that `OrderingDocumentTests` runs. Every order is total: nothing is left to a hash map or
            to chance, but for `ordering: random`, where a transaction's place is a function of its id and the seed.

            A transaction's id is the order in which it was created: agents are asked in the order of the scenario, so where two
            with the same latency bid the same, the one that stands first in the scenario wins. Nothing else depends on that
            order: agents that decide at the same moment see the same state and the same bids.


            """
        for (title, cases) in [
            ("By effective tip", Self.byTip), ("Bundles", Self.bundles),
            ("By arrival", Self.byArrival),
        ] {
            text += "## \(title)\n\n| rule | sent | block |\n|---|---|---|\n"
            for example in cases {
                let ids = try example.run().map(String.init).joined(separator: ", ")
                text += "| \(example.rule) | \(example.sent) | \(ids) |\n"
            }
            text += "\n"
        }
        text += """
            ## Also

            - A protocol transaction comes before background demand that bids the same; by arrival, behind demand that came
              before it.
            - A full mempool drops what its blocks would take last: the second tier, then the lowest effective tip, and of
              equal ones the newest.
            - What a block passes over for want of room is bounded: after 32 transactions that do not fit, or 1,024 whose accounts
              or market are full, it closes.

            """
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let url = folder.appendingPathComponent("docs/ordering.md")
        if ProcessInfo.processInfo.environment["CROSSMARGIN_WRITE_GOLDENS"] != nil {
            try Data(text.utf8).write(to: url)
        }
        let document = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        #expect(document == text, "docs/ordering.md is stale: see `make docs`")
    }
}
