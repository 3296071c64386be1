import ExactMath
import Testing

@Suite struct TimeTests {
    /// Seconds of Unix time, from the proleptic calendar of Python's `datetime`.
    @Test(
        arguments: [
            (1970, 1, 1, 0, "1970-01-01T00:00:00Z"),
            (1969, 12, 31, -86_400, "1969-12-31T00:00:00Z"),
            (2000, 2, 29, 951_782_400, "2000-02-29T00:00:00Z"),
            (2000, 3, 1, 951_868_800, "2000-03-01T00:00:00Z"),
            (1900, 3, 1, -2_203_891_200, "1900-03-01T00:00:00Z"),
            (1900, 2, 28, -2_203_977_600, "1900-02-28T00:00:00Z"),
            (2020, 3, 12, 1_583_971_200, "2020-03-12T00:00:00Z"),
            (2024, 12, 31, 1_735_603_200, "2024-12-31T00:00:00Z"),
            (2100, 3, 1, 4_107_542_400, "2100-03-01T00:00:00Z"),
            (9999, 12, 31, 253_402_214_400, "9999-12-31T00:00:00Z"),
            (1, 1, 1, -62_135_596_800, "0001-01-01T00:00:00Z"),
        ] as [(Int64, Int64, Int64, Int64, String)])
    func dates(year: Int64, month: Int64, day: Int64, seconds: Int64, text: String) {
        let midnight = Timestamp(year: year, month: month, day: day)
        #expect(midnight == Timestamp(milliseconds: seconds * 1000))
        #expect(midnight?.description == text)
    }

    @Test(
        arguments: [
            (2023, 2, 29), (1900, 2, 29), (2100, 2, 29), (2024, 2, 30), (2024, 4, 31), (2024, 0, 1),
            (2024, 13, 1), (2024, 1, 0), (2024, 1, 32), (0, 1, 1), (10_000, 1, 1), (2024, -1, 1),
            (2024, 1, -5),
        ] as [(Int64, Int64, Int64)])
    func datesThatDoNotExist(year: Int64, month: Int64, day: Int64) {
        #expect(Timestamp(year: year, month: month, day: day) == nil)
    }

    /// Every day of 400 years, counted by a calendar of month lengths.
    @Test func everyDayOfACycle() {
        var days: Int64 = -135_140  // 1600-01-01
        for year in Int64(1600)..<2000 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (index, length) in lengths.enumerated() {
                for day in 1...length {
                    let midnight = Timestamp(milliseconds: days * 86_400_000)
                    if Timestamp(year: year, month: Int64(index + 1), day: day) != midnight {
                        Issue.record("\(year)-\(index + 1)-\(day) is not day \(days)")
                    }
                    days += 1
                }
                // The last moment of the month.
                let month = index < 9 ? "0\(index + 1)" : "\(index + 1)"
                #expect(
                    Timestamp(milliseconds: days * 86_400_000 - 1).description
                        == "\(year)-\(month)-\(length)T23:59:59.999Z")
            }
        }
        #expect(days == 10_957)  // 2000-01-01
    }

    @Test(
        arguments: [
            (1_584_009_600_000, "2020-03-12T10:40:00Z"),
            (1_584_009_600_007, "2020-03-12T10:40:00.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (1, "1970-01-01T00:00:00.001Z"),
            (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
            (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "10000-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func description(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test func arithmetic() {
        let noon = Timestamp(milliseconds: 43_200_000)
        #expect(noon + TimeSpan(seconds: 1) - noon == TimeSpan(milliseconds: 1000))
        #expect(noon - TimeSpan(seconds: 43_200) == Timestamp(milliseconds: 0))
        #expect(noon < noon + TimeSpan(milliseconds: 1))
        #expect(TimeSpan.zero < TimeSpan(milliseconds: 1))
        #expect(TimeSpan(seconds: 2) - TimeSpan(seconds: 3) == TimeSpan(seconds: -1))
        #expect(TimeSpan(seconds: 2) + TimeSpan(seconds: 3) == TimeSpan(milliseconds: 5000))
        #expect(TimeSpan.year == TimeSpan(seconds: 365 * 86_400))
        #expect(noon.timeOfDay == TimeSpan(seconds: 43_200))
        #expect(Timestamp(milliseconds: -1).timeOfDay == TimeSpan(milliseconds: 86_399_999))
        #expect(Timestamp(milliseconds: -86_400_000).timeOfDay == .zero)
    }
}
