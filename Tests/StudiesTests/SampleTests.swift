import Testing

@testable import Studies

@Suite struct SampleTests {
    /// Quantiles of Student's distribution: any table of it, as NIST/SEMATECH e-Handbook 1.3.6.7.2.
    @Test(arguments: [
        (1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (7, 2.365), (10, 2.228),
        (15, 2.131), (30, 2.042), (100, 1.984),
    ])
    func studentQuantiles(degrees: Int, expected: Double) {
        #expect(abs(studentQuantile(degrees: degrees) - expected) < 8e-4)
    }

    /// 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32.
    @Test func meanDeviationAndInterval() {
        let sample = Sample([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(sample.mean == 5)
        #expect(abs(sample.deviation - (32.0 / 7).squareRoot()) < 1e-12)
        #expect(abs(sample.halfWidth - 2.3646 * (32.0 / 7 / 8).squareRoot()) < 1e-3)
    }

    @Test func oneValueHasNoInterval() {
        let sample = Sample([3])
        #expect(sample.mean == 3 && sample.halfWidth == 0 && sample.percentile(99) == 3)
    }

    /// By nearest rank: of a hundred values 1 to 100 the p-th percentile is p.
    @Test(arguments: [1, 5, 50, 95, 99, 100]) func percentiles(percent: Int) {
        #expect(Sample((1...100).map(Double.init)).percentile(percent) == Double(percent))
        #expect(Sample([10, 20, 30]).percentile(50) == 20)
    }

    /// Paired differences of two noisy but equal worlds are exact.
    @Test func pairsRemoveWhatIsCommon() {
        let noise: [Int64] = [5, -3, 900, 12, -77]
        let sample = Sample(paired: noise.map { $0 + 200_000_000 }, minus: noise)
        #expect(abs(sample.mean - 2) < 1e-12 && sample.halfWidth < 1e-12)
    }
}
