import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import Simulation

/// The metric `conservation` comes from the record: a record that does not add up shows in it.
@Suite struct ConservationTests {
    let scenario: Scenario
    let records: [BlockRecord]

    init() throws {
        scenario = try ScenarioLoader.load(text: fallingMarket)
        let simulation = try Simulation(scenario)
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        self.records = records
    }

    func conservation(of records: [BlockRecord]) -> Ratio? {
        var summary = RunSummary(scenario, groups: [:], liquidators: [])
        for record in records { summary.add(record) }
        return summary.value(of: "conservation")
    }

    /// The records with one event after genesis edited, or removed where `edit` gives nil.
    func doctored(_ edit: (Event) -> Event??) throws -> [BlockRecord] {
        var records = records
        for block in records.indices.dropFirst() {
            for place in records[block].journal.indices {
                guard let edited = edit(records[block].journal[place]) else { continue }
                if let edited {
                    records[block].journal[place] = edited
                } else {
                    records[block].journal.remove(at: place)
                }
                return records
            }
        }
        Issue.record("no event to edit")
        return records
    }

    @Test func aRealRecordAddsUp() {
        let kinds = records.dropFirst().flatMap(\.journal)
        #expect(kinds.contains { if case .liquidated = $0 { true } else { false } })
        #expect(kinds.contains { if case .lossCovered = $0 { true } else { false } })
        #expect(conservation(of: records) == .zero)
    }

    @Test func genesisHasBothLegs() {
        let genesis = records.prefix(1)
        let minted = genesis.flatMap(\.journal).compactMap { event -> Int64? in
            guard case .balanceChanged(let change) = event, change.reason == .genesis else {
                return nil
            }
            return change.delta.raw
        }
        #expect(minted.contains { $0 > 0 })
        #expect(minted.contains { $0 < 0 })
        #expect(conservation(of: Array(genesis)) == .zero)
    }

    @Test func aMissingLegOfABalanceIsItsAmount() throws {
        var amount: Int64 = 0
        let records = try doctored { event in
            guard case .balanceChanged(let change) = event, change.reason == .takerFee else {
                return nil
            }
            amount = change.delta.magnitude.raw
            return .some(nil)
        }
        #expect(amount > 0)
        #expect(conservation(of: records) == Ratio(raw: amount))
    }

    @Test func aMissingLegOfGenesisIsFound() throws {
        var records = records
        let place = try #require(
            records[0].journal.lastIndex {
                if case .balanceChanged = $0 { true } else { false }
            })
        records[0].journal.remove(at: place)
        #expect(try #require(conservation(of: records)) > .zero)
    }

    @Test func aSizeThatIsOffByOneIsFound() throws {
        let records = try doctored { event in
            guard case .positionChanged(var change) = event else { return nil }
            change.sizeAfter.raw += 1
            return .positionChanged(change)
        }
        #expect(conservation(of: records) == Ratio(raw: 1))
    }

    @Test func aCostThatItsClearingAccountDoesNotHoldIsFound() throws {
        let records = try doctored { event in
            guard case .positionChanged(var change) = event else { return nil }
            change.costAfter.raw += 7
            return .positionChanged(change)
        }
        #expect(conservation(of: records) == Ratio(raw: 7))
    }

    @Test func whatIsPutRightLaterStillCounts() throws {
        var records = records
        let block = try #require(
            records.indices.dropFirst().first { index in
                records[index].journal.contains {
                    if case .balanceChanged = $0 { true } else { false }
                }
            })
        let place = try #require(
            records[block].journal.firstIndex {
                if case .balanceChanged = $0 { true } else { false }
            })
        let moved = records[block].journal.remove(at: place)
        records[block + 1].journal.append(moved)
        guard case .balanceChanged(let change) = moved else { return }
        #expect(try #require(conservation(of: records)) >= Ratio(raw: change.delta.magnitude.raw))
    }

    @Test func anExpectationOfExactnessFails() throws {
        let records = try doctored { event in
            guard case .positionChanged(var change) = event else { return nil }
            change.sizeAfter.raw += 1
            return .positionChanged(change)
        }
        var summary = RunSummary(scenario, groups: [:], liquidators: [])
        for record in records { summary.add(record) }
        let verdicts = summary.verdicts(scenario.expectations)
        #expect(verdicts.first { $0.expectation.metric == "conservation" }?.isMet == false)
    }
}

/// Every kind of movement in a few hundred blocks: trades, fees, liquidations, deficits, seized collateral.
let fallingMarket = """
    name: falling
    seed: 4
    start: 2024-01-01T00:00:00Z
    duration: 1h
    chain: ethereum
    assets:
      USDC: {price: 1}
      ETH:
        price: {points: [[00:00, 2000], [00:20, 1900], [00:30, 1300], [01:00, 1250]]}
        liquidity: {depth_2pct: $12M, recovery: 20m}
        collateral: {haircut: 10%}
    markets:
      ETH-PERP:
        underlying: ETH
        initial_margin: 5%
        maintenance_margin: 3%
        taker_fee: 5bp
    oracles:
      ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s}
    protocol:
      liquidation: {close_factor: 50%, penalty: 1.5%, bonus: 5%}
      insurance_fund: $10k
      pool: $50M
    agents:
      traders:
        count: 60
        collateral: {USDC: 70%, ETH: 30%}
        leverage: 3..18
        long_bias: 65%
        trades_per_hour: 2/hour
      liquidators:
        fast: {count: 2, capital: $2M}
    expect:
      conservation: exact

    """
