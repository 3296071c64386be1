import Chain
import ExactMath
import MarginProtocol
import Oracles
import Scenarios
import Testing

@testable import Simulation

/// Runs with each kind of feed, all invariants after every transaction.
@Suite struct OracleKindTests {
    /// ETH falls by a fifth in an hour; a third of the traders is liquidated.
    static let text = """
        name: kinds
        seed: 3
        start: 2024-01-01T00:00:00Z
        duration: 2h
        chain: ethereum
        assets:
          USDC: {price: 1}
          ETH: {price: {points: [[00:00, 2000], [00:30, 2000], [01:30, 1600], [02:00, 1600]]}, collateral: 90%}
        markets:
          ETH-PERP: {underlying: ETH, initial_margin: 10%, maintenance_margin: 5%}
        oracles:
          ETH: KIND
        protocol: {pool: $5M, insurance_fund: $100k, oracle_guard: {max_age: 3h, blocks: [open]}}
        agents:
          traders: {count: 60, leverage: 2..8, trades_per_hour: 2/hour}
          liquidators: {count: 2, capital: $5M}

        """

    private struct Outcome {
        var summary: RunSummary
        var records: [BlockRecord]
        var house: ClearingHouse
        func value(_ name: String) -> Double {
            Double(summary.value(of: name)?.raw ?? -1) / 1e8
        }
        /// What the protocol's price was over the outside one, at the end of each block.
        func ratios() -> [Double] {
            var price: Price?
            return records.compactMap { record in
                for event in record.journal {
                    if case .pricePosted(FeedID(1), let report) = event { price = report.price }
                }
                guard let price,
                    let truth = record.referencePrices.first(where: { $0.feed == FeedID(1) })
                else { return nil }
                return Double(price.raw) / Double(truth.price.raw)
            }
        }
        func accepted() -> [OracleReportRecord] {
            records.flatMap(\.oracleReports).filter { $0.fate == .accepted }
        }
    }

    private func run(_ kind: String, faults: String = "[]") throws -> Outcome {
        let text =
            Self.text.replacingOccurrence(of: "KIND", by: kind) + "faults: \(faults)\n"
        let simulation = try Simulation(ScenarioLoader.load(text: text), paranoid: true)
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return Outcome(summary: simulation.summary, records: records, house: simulation.house)
    }

    @Test func whoeverNeedsAPulledPriceBringsItAlong() throws {
        let pulled = try run("{kind: pull, interval: 4s, latency: 1s}")
        let included = pulled.records.flatMap(\.transactions)
        let attached = included.filter { $0.transaction.command.kind == .attach }
        #expect(attached.count > 20)
        // Nobody posts: a price comes with the transaction that needs it, and is seconds old.
        #expect(!included.contains { $0.transaction.command.kind == .postPrice })
        let reports = pulled.accepted()
        #expect(!reports.isEmpty && reports.allSatisfy { $0.transaction != nil })
        for report in reports {
            #expect(report.price == report.referenceAtObservation)
        }
        for entry in attached where entry.rejection == nil {
            guard case .attach(let prices, let inner) = entry.transaction.command else { continue }
            #expect(prices.map(\.feed) == [FeedID(1)] && inner.kind != .attach)
            #expect(entry.gasUsed > GasSchedule.evm[inner.kind])
        }
        #expect(pulled.value("liquidations") > 0 && pulled.value("wrongful_liquidations") == 0)
        #expect(attached.contains { $0.transaction.command.inner.kind == .liquidate })
    }

    @Test func votesAreFreeAndInEveryBlock() throws {
        let voted = try run("{kind: vote}")
        let blocks = voted.records.count - 1
        #expect(voted.accepted().count == blocks)
        #expect(voted.accepted().allSatisfy { $0.transaction == nil && $0.trigger == "interval" })
        #expect(
            voted.records.flatMap(\.transactions).allSatisfy {
                $0.transaction.command.kind != .postPrice
            })
        #expect(voted.ratios().allSatisfy { abs($0 - 1) < 0.002 })
        #expect(voted.value("wrongful_liquidations") == 0)
    }

    /// The fall of 400 in an hour is 6.67 a minute: the mean of half an hour is 100 behind, 5 to 6 %.
    @Test func anAverageLagsByHalfItsWindow() throws {
        let ratios = try run("{kind: twap, window: 30m}").ratios()
        #expect((1.055...1.065).contains(try #require(ratios.max())))
        #expect(abs(try #require(ratios.last) - 1) < 0.001)
    }

    /// A price of an hour ago, or almost two: at most the whole fall.
    @Test func aDelayedPriceIsAnHourBehind() throws {
        let delayed = try run("{kind: delayed, period: 30m}")
        #expect((3...4).contains(delayed.accepted().count))
        #expect(try #require(delayed.ratios().max()) > 1.10)
        #expect(delayed.value("max_oracle_error") > 0.10)
    }

    @Test func aRecordingIsPlayedBack() throws {
        let played = try run(
            "{kind: replay, rounds: [[00:00, 2010], [00:40, 1900], [01:00, 1850], [01:20, 1700]]}")
        #expect(played.accepted().map(\.price) == [1900, 1850, 1700].map { Price(whole: $0) })
        #expect(
            played.accepted().map(\.observedAt.milliseconds)
                == [2400, 3600, 4800].map { 1_704_067_200_000 + $0 * 1000 })
        #expect(played.house.price(of: AssetID(1)) == Price(whole: 1700))
        guard
            case .pricePosted(_, let first)? = played.records[0].journal.last(where: {
                if case .pricePosted(FeedID(1), _) = $0 { true } else { false }
            })
        else {
            Issue.record("no price at the start")
            return
        }
        #expect(first.price == Price(whole: 2010))
    }

    @Test(arguments: [
        "{}", "{kind: pull, interval: 4s}", "{kind: vote, noise: 0.1%, reporters: 5}",
        "{kind: twap, window: 10m}", "{kind: delayed}",
        "{kind: median, venues: {a: {weight: 2, noise: 0.1%}, b: 1, c: 1}, latency: 5s..20s}",
    ]) func twiceTheSame(_ kind: String) throws {
        let (first, second) = (try run(kind), try run(kind))
        #expect(first.house == second.house)
        #expect(first.records.flatMap(\.journal) == second.records.flatMap(\.journal))
        #expect(first.value("conservation") == 0)
    }

    // MARK: Faults in a run

    @Test func aWickLiquidatesTheHealthyWhileItLasts() throws {
        let calm = try run("{kind: vote}")
        let fault = "[{at: 00:10, for: 2m, oracle: ETH, factor: 0.7}]"
        let struck = try run("{kind: vote}", faults: fault)
        #expect(calm.value("wrongful_liquidations") == 0)
        #expect(struck.value("wrongful_liquidations") > 10)
        let start = Timestamp(milliseconds: 1_704_067_200_000)
        let (from, until) = (start + TimeSpan(seconds: 600), start + TimeSpan(seconds: 720 + 24))
        let wrong = zip(struck.records.dropFirst(0), struck.ratios()).filter { abs($1 - 1) > 0.1 }
        #expect(!wrong.isEmpty)
        #expect(wrong.allSatisfy { from <= $0.0.header.time && $0.0.header.time <= until })
    }

    @Test func crashedKeepersLiquidateNothing() throws {
        let fault = "[{at: 00:30, for: 70m, agents: liquidators}]"
        let struck = try run("{kind: vote}", faults: fault)
        let calm = try run("{kind: vote}")
        let times = struck.records.filter { !$0.liquidations.isEmpty }.map(\.header.time)
        let back = Timestamp(milliseconds: 1_704_067_200_000 + 100 * 60_000)
        #expect(!times.isEmpty && times.allSatisfy { $0 >= back })
        #expect(struck.value("mean_delay_seconds") > calm.value("mean_delay_seconds") + 100)
    }

    @Test func aReporterThatIsPricedOutLeavesTheOldPrice() throws {
        let fault = "[{at: 00:30, for: 1h, oracle: ETH, max_fee: 1 wei}]"
        let struck = try run("{heartbeat: 0s}", faults: fault)
        #expect(try #require(struck.ratios().max()) > 1.2)
        #expect(abs(try #require(struck.ratios().last) - 1) < 0.01)
    }

    @Test func aDepegIsSeenOutsideAndNotInsideWithoutAFeed() throws {
        let fault = "[{at: 00:10, for: 20m, asset: USDC, factor: 0.88}]"
        let struck = try run("{kind: vote}", faults: fault)
        #expect(struck.value("min_price_USDC") == 0.88)
        #expect(struck.value("max_price_USDC") == 1)
        #expect(struck.house.price(of: AssetID(0)) == Price(whole: 1))
        #expect(struck.records.last?.referencePrices.first?.price == Price(whole: 1))
    }

    @Test func aTimelockedPauseComesLate() throws {
        let fault = "[{at: 00:10, timelock: 30m, pause: [open]}]"
        let struck = try run("{kind: vote}", faults: fault)
        let paused = struck.records.first { record in
            record.journal.contains {
                if case .paused(let what) = $0 { what == .open } else { false }
            }
        }
        let due = Timestamp(milliseconds: 1_704_067_200_000 + 40 * 60_000)
        let time = try #require(paused).header.time
        #expect(due <= time && time <= due + TimeSpan(seconds: 36))
    }
}

extension String {
    fileprivate func replacingOccurrence(of part: String, by other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
    private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
