import Foundation
import Testing

/// Every incident of the library meets its published figures, twice the same, and loses its loss with its cause.
@Suite struct IncidentLibraryTests {
    /// A scenario of the library: the incident itself, or another arm of it.
    struct Incident: CustomTestStringConvertible {
        var name: String
        /// The incident that this one changes; its own name where it changes none.
        var base: String
        var testDescription: String { name }
        var path: String { Tool.scenario("incidents/\(name)") }
    }

    static let all: [Incident] = {
        let folder = Tool.root.appendingPathComponent("scenarios/incidents").path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let names = files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
        return names.map { Incident(name: $0, base: base(of: $0, among: names)) }
    }()

    /// Follows `extends` to the first scenario of the library.
    private static func base(of name: String, among names: [String]) -> String {
        var current = name
        for _ in names {
            let path = Tool.scenario("incidents/\(current)")
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("extends: ") }
            guard let file = line?.dropFirst("extends: ".count), file.hasSuffix(".yaml"),
                names.contains(String(file.dropLast(5)))
            else { return current }
            current = String(file.dropLast(5))
        }
        return current
    }

    @Test func theLibraryIsThere() {
        #expect(Self.all.count >= 25)
        #expect(Self.all.contains { $0.name != $0.base })
    }

    @Test(arguments: all) func meetsItsBandsTwiceTheSame(incident: Incident) throws {
        let validated = try Tool.run(["validate", incident.path])
        #expect(validated.code == 0, "\(validated.error)")
        let first = try Tool.run(["run", incident.path, "--json"])
        #expect(first.code == 0, "\(first.out) \(first.error)")
        // At least what is conserved and one published figure.
        let text = try Tool.run(["run", incident.path, "--quiet"]).out
        #expect(text.split(separator: "\n").count { $0.hasPrefix("  met ") } >= 2)
        #expect(Tool.field("conservation", of: first.out) == "0")
        let seconds = Tool.field("wall_seconds", of: first.out).flatMap(Double.init)
        #expect(try #require(seconds) < 60)
        let second = try Tool.run(["run", incident.path, "--json"])
        let head = Tool.field("head_hash", of: first.out)
        #expect(head != nil && head == Tool.field("head_hash", of: second.out))
    }

    /// One page for each incident, which names every arm's file, and a line in the index.
    @Test(arguments: all) func hasAPage(incident: Incident) throws {
        let folder = Tool.root.appendingPathComponent("docs/incidents")
        let page = try String(
            contentsOf: folder.appendingPathComponent("\(incident.base).md"), encoding: .utf8)
        #expect(page.contains("scenarios/incidents/\(incident.name).yaml"))
        let index = try String(
            contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(index.contains("(\(incident.base).md)"))
    }

    /// A recorded run says the same as one that is not, and stands up to its own check.
    @Test(arguments: all.filter { $0.name == $0.base }) func isRecorded(incident: Incident) throws {
        try Tool.inFolder { folder in
            let file = folder.appendingPathComponent("run.sqlite").path
            let run = try Tool.run(["run", incident.path, "--db", file, "--json"])
            #expect(run.code == 0, "\(run.error)")
            let plain = try Tool.run(["run", incident.path, "--json"])
            let head = Tool.field("head_hash", of: run.out)
            #expect(head != nil && head == Tool.field("head_hash", of: plain.out))
            let verified = try Tool.run(["verify", file])
            #expect(verified.code == 0, "\(verified.out) \(verified.error)")
        }
    }

    // MARK: Causes

    /// The figures of an incident with some values changed.
    private func figures(_ name: String, _ changes: String...) throws -> (String) -> Double? {
        var arguments = ["run", Tool.scenario("incidents/\(name)"), "--json", "--no-expect"]
        for change in changes { arguments += ["--set", change] }
        let result = try Tool.run(arguments)
        #expect(result.code == 0, "\(result.error)")
        return { Tool.field($0, of: result.out).flatMap(Double.init) }
    }

    /// A market deep enough, or a rule that does not liquidate where that makes it worse.
    @Test(arguments: [
        "assets.CRV.liquidity.depth_2pct=$60M", "assets.CRV.liquidity=none",
        "protocol.liquidation.refuse_worsening=true",
    ])
    func withoutItsCauseCRVLeavesNoBadDebt(change: String) throws {
        let with = try figures("aave-crv-2022-11-22")
        let without = try figures("aave-crv-2022-11-22", change)
        #expect(try #require(with("bad_debt_usd")) > 1_000_000)
        #expect(without("bad_debt_usd") == 0)
        #expect(without("underwater_usd") == 0)
        #expect(try #require(without("liquidations")) > 0)
    }

    /// Any of what version 4 has in place of version 3 keeps the lenders' money in.
    @Test(arguments: [
        "markets.MNGO-PERP.initial_profit_weight=0%", "markets.MNGO-PERP.open_interest_cap=$1M",
        "protocol.slow_price={per_second: 0.03%, per_hour: 6%}",
    ])
    func aProfitThatFourMillionMakeBorrowsNothing(change: String) throws {
        let without = try figures("mango-2022-10-11", change)
        #expect(without("underwater_usd") == 0)
        #expect(without("bad_debt_usd") == 0)
        #expect(try #require(without("rejected")) > 500)
    }

    @Test(arguments: [
        "protocol.withdrawal_margin=10%", "markets.ETH-PERP.brackets=[[$0, 1/25, 1/50]]",
    ])
    func aLargerMarginKeepsTheWhalesMoneyIn(change: String) throws {
        let without = try figures("hyperliquid-eth-whale-2025-03-12", change)
        #expect(without("rejected") == 1)
        #expect(without("liquidations") == 0)
        #expect(without("backstop_change_usd") == 0)
        #expect(without("backstop_low_usd") == 0)
    }

    @Test func aCapOnOpenInterestLeavesNothingToInherit() throws {
        let without = try figures(
            "hyperliquid-jelly-2025-03-26", "markets.JELLY-PERP.open_interest_cap=$1M")
        #expect(without("backstop_low_usd") == 0)
        #expect(without("liquidations") == 0)
    }

    /// The lower the worth at which the vault gives up, the more it loses first.
    @Test func theVaultsTriggerBoundsItsLoss() throws {
        var losses: [Double] = []
        for trigger in ["$4.5M", "$3M", "$1M"] {
            let run = try figures(
                "hyperliquid-jelly-2025-03-26-without",
                "protocol.backstop.deleverage_below=\(trigger)")
            losses.append(-(try #require(run("backstop_low_usd"))))
        }
        #expect(losses == losses.sorted() && losses[0] < losses[2])
        for (loss, most) in zip(losses, [500_000.0, 2_000_000, 4_000_000]) {
            // Beyond the trigger only what the price moves between two looks.
            #expect(loss >= most && loss < most + 500_000)
        }
    }

    /// In proportion everybody gives up the same share, so that more accounts do, and fewer lose everything.
    @Test func proRataTakesFromMoreThanAQueue() throws {
        let queue = try figures("cascade-2025-10-10")
        let proRata = try figures("cascade-2025-10-10-pro-rata")
        let accounts = try #require(queue("deleveraged_accounts"))
        #expect(accounts > 0)
        #expect(try #require(proRata("deleveraged_accounts")) > accounts)
    }

    /// In empty blocks whoever falls due is liquidated in time, and little bad debt is left.
    @Test func cheapGasLetsSmallAccountsBeLiquidated() throws {
        let dear = try figures("gas-2021-05-19")
        let cheap = try figures("gas-2021-05-19-cheap")
        #expect(
            try #require(cheap("liquidated_accounts"))
                > 1.5 * (try #require(dear("liquidated_accounts"))))
        #expect(try #require(dear("bad_debt_usd")) > 100 * (try #require(cheap("bad_debt_usd"))))
    }

    /// The longer the sequencer stands still, the longer an account waits.
    @Test func aSequencerThatRunsLiquidatesInTime() throws {
        let halted = try figures("sequencer-halt")
        let running = try figures("sequencer-halt-none")
        #expect(try #require(halted("max_delay_seconds")) > 3600)
        #expect(try #require(running("max_delay_seconds")) < 3600)
        #expect(try #require(halted("deficit_usd")) > (try #require(running("deficit_usd"))))
    }

    /// A guard notices a halt by the chain's silence, and one that is longer than the halt does not.
    @Test func graceBeginsWhenTheSilenceEnds() throws {
        let halted = try figures("sequencer-halt")
        let graced = try figures("sequencer-halt-grace")
        let delay = try #require(graced("max_delay_seconds"))
        // 88 minutes without blocks and an hour with them, at most.
        #expect(delay > (try #require(halted("max_delay_seconds"))) + 1800 && delay < 8900)
        let deaf = try figures(
            "sequencer-halt-grace",
            "protocol.oracle_guard.guards=[{sequencer_grace: 1h, silence: 2h, blocks: [liquidate, withdraw]}]"
        )
        #expect(deaf("liquidations") == halted("liquidations"))
        #expect(deaf("deficit_usd") == halted("deficit_usd"))
    }

    @Test func marginThatRisesWithOpenInterestSparesTheFund() throws {
        let scaled = try figures("yfi-2023-11-17-scaled")
        #expect(scaled("insurance_change_usd") == 0)
        #expect(scaled("liquidations") == 0)
        #expect(try #require(scaled("rejected")) > 0)
    }

    @Test func aVaultWithoutACapEndsDeleveraging() throws {
        let without = try figures("cascade-2025-10-10-without")
        #expect(without("adl_volume_usd") == 0)
        #expect(without("bad_debt_usd") == 0)
    }
}
