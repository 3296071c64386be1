import Chain
import ExactMath
import Foundation
import Scenarios
import SeededRandom
import Testing

@testable import Calibration

/// The backlog model, fitted to 12 March 2020: gas peaks hours after the fall.
struct DemandFitTests {
    /// ln-moves of ether per half hour and the 60th percentile of gas, of 12 March 2020, 06:00 to 23:00 UTC.
    /// [half hours since midnight, USD, p30, p60, p90 in gwei] Source: BerkeleyBlockchain/stablesims,
    /// feeds/eth and feeds/gas.
    static let typed: [(slot: Int64, price: Double, p30: Double, p60: Double, p90: Double)] = [
        (12, 180.46, 10.0, 16.0, 35.0),
        (13, 174.37, 18.0, 26.4, 43.704),
        (14, 171.71, 20.0, 22.534, 35.0),
        (15, 172.79, 25.0, 29.7, 45.339),
        (16, 168.92, 33.964, 39.589, 101.0),
        (17, 170.77, 35.0, 36.0, 50.812),
        (18, 169.94, 35.0, 38.0, 49.28),
        (19, 167.97, 29.0, 35.0, 45.329),
        (20, 167.64, 37.134, 40.0, 52.5),
        (21, 152.81, 43.0, 45.596, 63.0),
        (22, 143.07, 60.0, 66.0, 100.0),
        (23, 136.92, 82.814, 96.054, 130.003),
        (24, 137.28, 100.0, 102.308, 141.0),
        (25, 139.75, 103.0, 110.0, 150.0),
        (26, 136.7, 110.0, 117.0, 151.5),
        (27, 130.72, 120.0, 125.4, 200.0),
        (28, 134.96, 127.141, 137.906, 200.0),
        (29, 142.9, 150.0, 151.0, 300.0),
        (30, 139.12, 164.014, 200.0, 280.0),
        (31, 139.4, 167.512, 180.861, 225.0),
        (32, 138.0, 185.0, 200.0, 267.01),
        (33, 138.14, 151.0, 186.0, 211.328),
        (34, 144.0, 130.0, 173.0, 226.883),
        (35, 140.84, 109.453, 162.731, 250.153),
        (36, 142.17, 66.319, 130.0, 185.34),
        (37, 138.38, 60.0, 75.0, 142.023),
        (38, 138.23, 47.728, 68.0, 130.0),
        (39, 138.28, 61.0, 77.0, 171.261),
        (40, 136.79, 40.0, 67.041, 150.0),
        (41, 129.39, 56.631, 61.0, 130.0),
        (42, 129.85, 76.0, 85.646, 149.191),
        (43, 127.08, 61.0, 78.367, 119.984),
        (44, 132.58, 79.0, 90.0, 150.0),
        (45, 128.43, 28.654, 50.001, 85.444),
        (46, 123.74, 50.0, 60.0, 124.763),
    ]

    static func data(_ name: String) -> String? {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return try? String(
            contentsOf: folder.appendingPathComponent("shared/data/\(name)"), encoding: .utf8)
    }

    static let midnight = Timestamp(milliseconds: 1_583_971_200_000)

    static func series() throws -> (GasSeries, PriceSeries) {
        if let gas = data("eth-gas-price-10m-2020-03-12.csv"),
            let prices = data("eth-usd-10m-2020-03-12.csv")
        {
            return (try GasSeries(csv: gas), try PriceSeries(csv: prices))
        }
        return try typedSeries()
    }

    static func typedSeries() throws -> (GasSeries, PriceSeries) {
        func time(_ slot: Int64) -> Timestamp { midnight + TimeSpan(seconds: slot * 1800) }
        return (
            try GasSeries(
                rows: typed.map {
                    .init(time: time($0.slot), p30: $0.p30, p60: $0.p60, p90: $0.p90)
                }),
            try PriceSeries(rows: typed.map { .init(time: time($0.slot), price: $0.price) })
        )
    }

    private func hours(_ from: Timestamp, _ to: Timestamp) -> Double {
        Double((to - from).milliseconds) / 3_600_000
    }

    @Test(arguments: [false, true]) func gasPeaksHoursAfterTheFall(typedOnly: Bool) throws {
        let (gas, prices) = try typedOnly ? Self.typedSeries() : Self.series()
        let fit = try DemandFit.fit(
            gas: gas, prices: prices, chain: ChainPreset.ethereum2020.configuration)
        // Ether fell steepest about 10:40 to 11:00; gas peaked at 15:00 to 16:30.
        #expect(2...7 ~= hours(fit.steepestMove, fit.observedPeak))
        #expect(2...7 ~= hours(fit.steepestMove, fit.fittedPeak))
        #expect(abs(hours(fit.observedPeak, fit.fittedPeak)) <= 2.5)
        #expect(fit.rSquared > 0.7, "\(fit.summary)")
        // At its peak the model is within half of what was paid.
        let peak = fit.fitted.max() ?? 0
        #expect(100...400 ~= peak, "\(peak)")
    }

    /// Without memory (nobody waits, nobody bids again) the same demand peaks with the fall.
    @Test func withoutABacklogThePeakComesWithTheFall() throws {
        let (gas, prices) = try Self.typedSeries()
        var fit = try DemandFit.fit(
            gas: gas, prices: prices, chain: ChainPreset.ethereum2020.configuration)
        let lag = hours(fit.steepestMove, fit.fittedPeak)
        var forgetful = fit.model
        forgetful.patience = 0.1
        forgetful.decay = 0.25
        let replay = DemandReplay(
            chain: ChainPreset.ethereum2020.configuration, times: fit.times, moves: fit.moves,
            window: fit.window)
        fit.fitted = try replay.prices(of: forgetful)
        #expect(hours(fit.steepestMove, fit.fittedPeak) < lag)
        #expect(abs(hours(fit.steepestMove, fit.fittedPeak)) <= 1)
    }

    /// A series that a known model made is explained by a model like it.
    @Test func aKnownModelIsFound() throws {
        let known = DemandModel(
            base: 1.5, surge: 60, decay: 1.5, median: 8, spread: 0.4, escalation: 0.5, patience: 1.5
        )
        let times = (0..<72).map { Self.midnight + TimeSpan(seconds: $0 * 1200) }
        let prices = (0..<72).map { index in
            PriceSeries.Row(
                time: times[index],
                price: index < 20 ? 200 : index < 26 ? 200 - 12 * Double(index - 19) : 128)
        }
        let series = try PriceSeries(rows: prices)
        var moves = times.map { _ in 0.0 }
        for index in 1..<72 {
            moves[index] = abs(log(prices[index].price / prices[index - 1].price))
        }
        let replay = DemandReplay(
            chain: ChainPreset.ethereum2020.configuration, times: times, moves: moves,
            window: TimeSpan(seconds: 1200))
        let made = try replay.prices(of: known)
        let z = 1.80595 * known.spread
        let gas = try GasSeries(
            rows: zip(times, made).map {
                .init(time: $0, p30: $1 * exp(-z * 0.43), p60: $1, p90: $1 * exp(z * 0.57))
            })
        let fit = try DemandFit.fit(
            gas: gas, prices: series, chain: ChainPreset.ethereum2020.configuration)
        #expect(fit.rSquared > 0.95, "\(fit.summary)")
        #expect(abs(fit.model.spread - known.spread) < 0.01)
        #expect(abs(hours(fit.observedPeak, fit.fittedPeak)) <= 0.7)
    }

    /// What it writes is a scenario's demand, and the very demand that was fitted.
    @Test func theSnippetIsAScenariosDemand() throws {
        let (gas, prices) = try Self.typedSeries()
        let fit = try DemandFit.fit(
            gas: gas, prices: prices, chain: ChainPreset.ethereum2020.configuration)
        let text = """
            name: fitted
            seed: 1
            start: 2020-03-12T06:00:00Z
            duration: 17h
            chain: ethereum-2020
            assets:
              ETH: {price: 200}

            """
        let scenario = try ScenarioLoader.load(text: text + fit.snippet)
        let demand = try #require(scenario.chain.demand)
        #expect(demand.points.count == gas.rows.count)
        #expect(demand.points.map(\.from) == fit.times)
        let own = fit.model.demand(
            at: fit.times, moves: fit.moves, window: fit.window,
            capacity: scenario.chain.capacity(at: scenario.start))
        for (written, fitted) in zip(demand.points, own.points) {
            #expect(abs(written.gasPerSecond - fitted.gasPerSecond) <= fitted.gasPerSecond / 500)
            #expect(abs(written.medianPrice - fitted.medianPrice) <= 1000)
        }
        #expect(abs(demand.escalation.raw - own.escalation.raw) <= 10_000)
    }

    @Test(arguments: [
        ("", "the file is empty"),
        ("time_utc,p60_gwei\n", "line 1: no column 'p30_gwei'; found time_utc, p60_gwei"),
        (
            "time_utc,p30_gwei,p60_gwei,p90_gwei\n2020-03-12 00:00,1,2,3\n",
            "line 2: expected a time such as 2020-03-12T08:10:00Z, found '2020-03-12 00:00'"
        ),
        (
            "time_utc,p30_gwei,p60_gwei,p90_gwei\n2020-03-12T00:00:00Z,1,2\n",
            "line 2: expected 4 cells, found 3"
        ),
        (
            "time_utc,p30_gwei,p60_gwei,p90_gwei\n2020-03-12T00:00:00Z,1,two,3\n",
            "line 2: expected a number, found 'two'"
        ),
        (
            "time_utc,p30_gwei,p60_gwei,p90_gwei\n2020-03-12T00:00:00Z,1,2,3\n",
            "expected at least six rows, found 1"
        ),
    ])
    func badFilesAreRefused(_ text: String, _ message: String) {
        do {
            _ = try GasSeries(csv: text)
            Issue.record("it was read")
        } catch { #expect("\(error)" == message) }
    }

    @Test func rowsMustBeInOrder() {
        let row = GasSeries.Row(time: Self.midnight, p30: 1, p60: 2, p90: 3)
        do {
            _ = try GasSeries(rows: Array(repeating: row, count: 6))
            Issue.record("it was taken")
        } catch { #expect(error.line == 3) }
    }
}
