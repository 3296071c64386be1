import ArgumentParser
import ExactMath
import MarginCalculator
import Reports

/// A margin calculator: what a venue would say of an account.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract:
            "A margin calculator: an account's equity, margins, health and liquidation prices.",
        discussion: """
            The file names a preset, prices, and what the account holds; the code is the simulator's own. \
            Its keys are listed in docs/health.md.
            """)

    @OptionGroup var input: AccountInput
    @Flag(help: "Prints JSON; every number is exact.")
    var json = false

    func run() throws {
        let report = MarginReport(try input.account())
        Console.print(json ? HealthText.json(report).text() : HealthText.plain(report))
    }
}

/// A margin report in words, and as JSON.
enum HealthText {
    // MARK: Text

    static func plain(_ report: MarginReport) -> String {
        var parts = [section(report.account, "\(report.protocolName)")]
        parts += report.isolated.map { section($0, "Isolated: \($0.isolatedMarket ?? "")") }
        return parts.joined(separator: "\n\n")
    }

    private static func section(_ account: MarginReport.AccountReport, _ title: String) -> String {
        var lines = [
            title, "",
            "Equity              \(dollars(account.equity.raw))",
            "                    initial         maintenance",
            row("  weighted equity", account.weightedEquity),
            row("  requirement", account.requirement), row("  health", account.health),
            "Margin ratio        " + (account.marginRatio.map(percentage) ?? "none"),
            "Health factor       " + (account.healthFactor.map { "\($0)" } ?? "none"),
            "Liquidatable        " + (account.isLiquidatable ? "yes" : "no"),
        ]
        if !account.leftOut.isEmpty {
            lines.append("Without a price     " + account.leftOut.joined(separator: ", "))
        }
        if !account.assets.isEmpty {
            lines += ["", TableText.plain(assets(account))]
        }
        if !account.positions.isEmpty {
            lines += ["", TableText.plain(positions(account))]
        }
        for position in account.positions where !position.orderMargin.initial.isZero {
            let orders = position.orderMargin
            let initial = sum(orders.initial, position)
            let maintenance = sum(orders.maintenance, position)
            lines.append(
                "Orders in \(position.market)".padded(20)
                    + "\(initial) initial, \(maintenance) maintenance")
        }
        if !account.spotOrders.isEmpty {
            lines += ["", TableText.plain(spotOrders(account))]
        }
        if let step = account.liquidation { lines += [""] + next(step) }
        return lines.joined(separator: "\n")
    }

    private static func row(_ title: String, _ pair: MarginReport.Pair<Money>) -> String {
        let first = dollars(pair.initial.raw)
        return title.padded(20) + first.padded(16) + dollars(pair.maintenance.raw)
    }

    private static func percentage(_ ratio: Ratio) -> String {
        let hundredths = (ratio.raw + 5000) / 10_000
        let fraction = "\((hundredths % 100).magnitude)"
        return "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction) %"
    }

    private static func assets(_ account: MarginReport.AccountReport) -> ResultTable {
        ResultTable(
            columns: ["asset", "amount", "price", "value", "counts", "liquidation price"],
            rows: account.assets.map {
                [
                    .text($0.asset), .text("\($0.amount)"), .text("\($0.price)"),
                    .text(dollars($0.value.raw)), .text(dollars($0.weighted.maintenance.raw)),
                    .text($0.liquidationPrice.map { "\($0)" } ?? "-"),
                ]
            })
    }

    private static func positions(_ account: MarginReport.AccountReport) -> ResultTable {
        ResultTable(
            columns: [
                "market", "size", "entry", "profit", "initial", "maintenance", "liquidation price",
            ],
            rows: account.positions.map {
                [
                    .text($0.market), .text("\($0.size)"), .text("\($0.entry)"),
                    text($0.unrealizedProfit, $0), text($0.margin.initial, $0),
                    text($0.margin.maintenance, $0),
                    .text($0.liquidationPrice.map { "\($0)" } ?? "-"),
                ]
            })
    }

    private static func spotOrders(_ account: MarginReport.AccountReport) -> ResultTable {
        ResultTable(
            columns: ["spot market", "base set aside", "quote set aside", "value", "counts"],
            rows: account.spotOrders.map {
                [
                    .text($0.market), .text("\($0.base)"), .text("\($0.quote)"),
                    .text(dollars($0.value.raw)), .text(dollars($0.weighted.maintenance.raw)),
                ]
            })
    }

    /// In dollars, or where a contract settles in its underlying in units of that.
    private static func sum(_ amount: Money, _ position: MarginReport.PositionReport)
        -> String
    {
        position.isInverse ? "\(amount) \(position.unit)" : dollars(amount.raw)
    }

    private static func text(_ amount: Money, _ position: MarginReport.PositionReport) -> Value {
        .text(sum(amount, position))
    }

    private static func next(_ step: LiquidationStep) -> [String] {
        var lines = [
            "Next step           \(step.kind.rawValue) \(step.what), \(step.amount) at \(step.price)"
        ]
        if let asset = step.repaidAsset, let amount = step.repaid {
            lines.append("  repays            \(amount) \(asset)")
        }
        lines += [
            "  takes             \(percentage(step.closeFactor)) of it, bonus \(percentage(step.bonus))",
            "  penalty           \(dollars(step.penalty.raw)): \(dollars(step.toLiquidator.raw)) to the "
                + "liquidator, \(dollars(step.toInsurance.raw)) to the fund",
        ]
        if step.deficit.isPositive {
            lines.append("  deficit           \(dollars(step.deficit.raw))")
        }
        return lines
    }

    // MARK: JSON

    static func json(_ report: MarginReport) -> JSONValue {
        var members: [(String, JSONValue)] = [("protocol", .text(report.protocolName))]
        members += self.members(report.account)
        if !report.isolated.isEmpty {
            members.append(("isolated", .list(report.isolated.map { .object(self.members($0)) })))
        }
        return .object(members)
    }

    private static func pair(_ pair: MarginReport.Pair<Money>) -> JSONValue {
        .object([
            ("initial", JSONValue(pair.initial)), ("maintenance", JSONValue(pair.maintenance)),
        ])
    }

    private static func members(_ account: MarginReport.AccountReport) -> [(String, JSONValue)] {
        var members = allMembers(account)
        if !account.leftOut.isEmpty {
            members.append(("left_out", .list(account.leftOut.map { .text($0) })))
        }
        return members
    }

    private static func allMembers(_ account: MarginReport.AccountReport) -> [(String, JSONValue)] {
        let spot: [(String, JSONValue)] =
            account.spotOrders.isEmpty
            ? [] : [("spot_orders", .list(account.spotOrders.map(spotOrder)))]
        return [
            ("mode", .text(account.isolatedMarket == nil ? "cross" : "isolated")),
            ("equity", JSONValue(account.equity)),
            ("weighted_equity", pair(account.weightedEquity)),
            ("requirement", pair(account.requirement)), ("health", pair(account.health)),
            ("margin_ratio", JSONValue(account.marginRatio)),
            ("health_factor", JSONValue(account.healthFactor)),
            ("liquidatable", .bool(account.isLiquidatable)),
            ("assets", .list(account.assets.map(asset))),
            ("positions", .list(account.positions.map(position))),
        ] + spot + [("liquidation", account.liquidation.map(step) ?? .null)]
    }

    private static func spotOrder(_ orders: MarginReport.SpotReport) -> JSONValue {
        .object([
            ("market", .text(orders.market)), ("base", JSONValue(orders.base)),
            ("quote", JSONValue(orders.quote)), ("value", JSONValue(orders.value)),
            ("weighted", pair(orders.weighted)),
        ])
    }

    private static func asset(_ asset: MarginReport.AssetReport) -> JSONValue {
        .object([
            ("asset", .text(asset.asset)), ("amount", JSONValue(asset.amount)),
            ("price", JSONValue(asset.price)), ("value", JSONValue(asset.value)),
            ("weighted", pair(asset.weighted)),
            ("liquidation_price", JSONValue(asset.liquidationPrice)),
        ])
    }

    private static func position(_ position: MarginReport.PositionReport) -> JSONValue {
        .object([
            ("market", .text(position.market)), ("unit", .text(position.unit)),
            ("mode", .text(position.isIsolated ? "isolated" : "cross")),
            ("size", JSONValue(position.size)), ("entry", JSONValue(position.entry)),
            ("mark", JSONValue(position.mark)), ("leverage", JSONValue(position.leverage)),
            ("notional", JSONValue(position.notional)),
            ("unrealized_pnl", JSONValue(position.unrealizedProfit)),
            ("initial_margin", JSONValue(position.margin.initial)),
            ("maintenance_margin", JSONValue(position.margin.maintenance)),
            ("order_margin", pair(position.orderMargin)),
            ("liquidation_price", JSONValue(position.liquidationPrice)),
            ("liquidation_prices", .list(position.liquidationPrices.map { JSONValue($0) })),
            ("bankruptcy_price", JSONValue(position.bankruptcyPrice)),
        ])
    }

    static func step(_ step: LiquidationStep) -> JSONValue {
        .object([
            ("kind", .text(step.kind.rawValue)), ("what", .text(step.what)),
            ("amount", JSONValue(step.amount)), ("repaid_asset", JSONValue(step.repaidAsset)),
            ("repaid", JSONValue(step.repaid)), ("price", JSONValue(step.price)),
            ("mark_price", JSONValue(step.mark)),
            ("bankruptcy_price", JSONValue(step.bankruptcyPrice)), ("bonus", JSONValue(step.bonus)),
            ("close_factor", JSONValue(step.closeFactor)), ("penalty", JSONValue(step.penalty)),
            (
                "fee_split",
                .object([
                    ("liquidator", JSONValue(step.toLiquidator)),
                    ("insurance_fund", JSONValue(step.toInsurance)),
                ])
            ), ("deficit", JSONValue(step.deficit)),
        ])
    }
}

extension String {
    /// With spaces to a width, at least one.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
