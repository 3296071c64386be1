import Chain
import ExactMath
import Foundation
import SeededRandom
import Testing

struct DemandSeriesTests {
    /// Gas prices of included transactions on 12 March 2020, the ten minutes from each half hour
    /// UTC: 30th, 60th and 90th percentile [milli-gwei], and the number of transactions.
    ///
    /// Source: BerkeleyBlockchain/stablesims, feeds/gas.
    static let march12: [(p30: Int64, p60: Int64, p90: Int64, count: Int64)] = [
        (4_527, 6_925, 30_000, 4_141), (5_000, 10_000, 34_000, 4_030),
        (7_000, 10_000, 34_000, 4_478), (6_000, 10_000, 34_000, 4_810),
        (10_000, 11_045, 35_000, 5_536), (10_000, 12_000, 35_000, 5_663),
        (9_874, 11_000, 35_000, 7_792), (10_000, 10_937, 35_000, 5_575),
        (11_000, 19_653, 40_000, 6_572), (18_000, 21_000, 48_000, 4_545),
        (12_519, 20_000, 39_930, 6_371), (12_000, 15_000, 36_000, 5_620),
        (10_000, 16_000, 35_000, 5_257), (18_000, 26_400, 43_704, 3_875),
        (20_000, 22_534, 35_000, 5_445), (25_000, 29_700, 45_339, 6_284),
        (33_964, 39_589, 101_000, 3_690), (35_000, 36_000, 50_812, 4_755),
        (35_000, 38_000, 49_280, 6_071), (29_000, 35_000, 45_329, 7_278),
        (37_134, 40_000, 52_500, 3_464), (43_000, 45_596, 63_000, 5_742),
        (60_000, 66_000, 100_000, 4_058), (82_814, 96_054, 130_003, 2_119),
        (100_000, 102_308, 141_000, 4_073), (103_000, 110_000, 150_000, 3_887),
        (110_000, 117_000, 151_500, 4_930), (120_000, 125_400, 200_000, 4_236),
        (127_141, 137_906, 200_000, 5_181), (150_000, 151_000, 300_000, 6_540),
        (164_014, 200_000, 280_000, 3_833), (167_512, 180_861, 225_000, 5_538),
        (185_000, 200_000, 267_010, 4_459), (151_000, 186_000, 211_328, 5_637),
        (130_000, 173_000, 226_883, 5_585), (109_453, 162_731, 250_153, 5_904),
        (66_319, 130_000, 185_340, 7_146), (60_000, 75_000, 142_023, 7_519),
        (47_728, 68_000, 130_000, 6_590), (61_000, 77_000, 171_261, 4_679),
        (40_000, 67_041, 150_000, 7_572), (56_631, 61_000, 130_000, 4_143),
        (76_000, 85_646, 149_191, 3_932), (61_000, 78_367, 119_984, 6_679),
        (79_000, 90_000, 150_000, 2_600), (28_654, 50_001, 85_444, 6_227),
        (50_000, 60_000, 124_763, 5_117), (71_146, 81_569, 150_000, 4_170),
    ]

    static let midnight = Timestamp(milliseconds: 1_583_971_200_000)

    static func rows() -> [DemandSeries.Row] {
        march12.enumerated().map { index, row in
            DemandSeries.Row(
                time: midnight + TimeSpan(seconds: Int64(index) * 1800), p30: row.p30 * 1_000_000,
                p60: row.p60 * 1_000_000, p90: row.p90 * 1_000_000, transactions: row.count)
        }
    }

    /// The whole day on the chain of the day: in the observed windows the median price that got a
    /// transaction in tracks the observed 60th percentile, and peaks hours after the price of ether
    /// fell (10:40 to 11:00).
    @Test(arguments: [false, true])
    func reproducesBlackThursday(noise: Bool) throws {
        var setup = ChainPreset.ethereum2020.configuration
        setup.demand = try DemandSeries(rows: Self.rows()).demand(
            capacity: setup.capacity(at: Self.midnight), noise: noise)
        var chain = try Chain(
            setup, start: Self.midnight, random: RandomSource(seed: 20_200_312))
        var prices = [[Int64]](repeating: [], count: 144)
        while chain.time < Self.midnight + TimeSpan(seconds: 86_400 - 120) {
            let slot = chain.nextSlot()
            let header = chain.build(slot) { _, _ in }.header
            let window = Int((slot.time - Self.midnight).milliseconds / 600_000)
            if window < 144 { prices[window].append(header.minimumPrice) }
        }
        let medians = prices.map { $0.sorted()[$0.count / 2] }
        var within = 0
        for (index, row) in Self.march12.enumerated() {
            let ratio = Double(medians[index * 3]) / Double(row.p60 * 1_000_000)
            if ratio > 0.5 && ratio < 2 { within += 1 }
            #expect(ratio > 0.4 && ratio < 2.5, "window \(index): \(ratio)")
        }
        #expect(within >= 46)
        let peak = try #require(medians.indices.max { medians[$0] < medians[$1] })
        // Observed: 15:00 to 17:50, four to seven hours after the fall.
        #expect((14 * 6)...(18 * 6) ~= peak)
        #expect(medians[peak] > 150 * gwei && medians[peak] < 300 * gwei)
        // Calm before: a tenth of it at most.
        #expect(medians[0..<24].allSatisfy { $0 < 25 * gwei })
    }

    /// Percentiles of an exact lognormal give back its median and spread.
    @Test(arguments: [(20.0, 0.5), (200, 0.2), (3, 1.1), (50, 0.0)])
    func recoversALognormal(median: Double, spread: Double) throws {
        func quantile(_ z: Double) -> Int64 { Int64(median * 1e9 * exp(spread * z)) }
        let row = DemandSeries.Row(
            time: .at(0), p30: quantile(-0.524_400_513), p60: quantile(0.253_347_103),
            p90: quantile(1.281_551_566), transactions: 1000)
        let demand = try DemandSeries(rows: [row]).demand(capacity: 800_000, noise: true)
        let point = try #require(demand.points.first)
        #expect(point.from == .at(300))
        #expect(abs(Double(point.medianPrice) / (median * 1e9) - 1) < 1e-6)
        #expect(abs(Double(point.spread.raw) / 1e8 - spread) < 1e-6)
        #expect(point.gasPerSecond == 2_000_000)
        // 600 s · 800,000 gas/s over 1,000 transactions.
        #expect(demand.transactionGas == 480_000)
    }

    /// In a steady state the clearing price is the observed 60th percentile.
    @Test func clearsAtTheSixtiethPercentile() throws {
        let row = DemandSeries.Row(
            time: .at(0), p30: 60 * gwei, p60: 80 * gwei, p90: 130 * gwei, transactions: 1000)
        var setup = ChainPreset.ethereum2020.configuration
        setup.demand = try DemandSeries(rows: [row]).demand(
            capacity: setup.capacity(at: .at(0)), patience: TimeSpan(seconds: 60))
        var chain = try Chain(setup)
        let prices = (0..<1000).map { _ in chain.round().block.header.minimumPrice }.sorted()
        #expect(abs(Double(prices[500]) / 80e9 - 1) < 0.15)
    }

    @Test(
        arguments: [
            ("rows[1].time", 0, 10, 20, 30, 1), ("rows[1].p30", 9, 21, 20, 30, 1),
            ("rows[1].p30", 9, 0, 20, 30, 1), ("rows[1].p90", 9, 10, 20, 19, 1),
            ("rows[1].transactions", 9, 10, 20, 30, -1),
        ] as [(String, Int64, Int64, Int64, Int64, Int64)])
    func namesTheRowAtFault(
        field: String, time: Int64, p30: Int64, p60: Int64, p90: Int64, count: Int64
    ) {
        let good = DemandSeries.Row(time: .at(0), p30: 10, p60: 20, p90: 30, transactions: 1)
        let bad = DemandSeries.Row(
            time: .at(time), p30: p30, p60: p60, p90: p90, transactions: count)
        let error = #expect(throws: ChainError.self) { try DemandSeries(rows: [good, bad]) }
        #expect(error?.field == field)
    }

    @Test func refusesAnEmptySeries() {
        let idle = DemandSeries.Row(time: .at(0), p30: 10, p60: 20, p90: 30, transactions: 0)
        for rows in [[], [idle]] {
            let error = #expect(throws: ChainError.self) { try DemandSeries(rows: rows) }
            #expect(error?.field == "rows")
        }
    }
}
